/**
 * The data key is kept only wrapped. A wrap opens with what a person knows or is (`secret`), this phone's own key and
 * the share that the server lends, all three.
 */
import { type Bytes, joined, random, utf8 } from "./bytes";
import { decrypt, encrypt } from "./rows";
import { derived } from "./server";

/** `self` is the key under itself: who has it open can wrap it anew though its bytes can't be read off it. */
export interface Wrap {
  kind: "password" | "prf" | "self";
  salt: Bytes;
  box: Bytes;
  /** Which of the phone's credentials gives the secret. */
  credential?: Bytes;
}

/** What a wrap hangs on besides the secret. */
export interface Parts {
  user: string;
  keyId: string;
  deviceKey: Bytes;
  share: Bytes;
}

const ROUNDS = 600_000;
const SALT = 16;

/** The secret that a password or a PIN stands for: PBKDF2-SHA256, about a tenth of a second here. */
export async function secretOf(password: string, salt: Bytes): Promise<Bytes> {
  const from = await crypto.subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return new Uint8Array(await crypto.subtle.deriveBits(how, from, 256));
}

export async function wrapPassword(parts: Parts, raw: Bytes, password: string): Promise<Wrap> {
  const salt = random(SALT);
  return wrap(parts, "password", raw, await secretOf(password, salt), salt);
}

export async function wrap(
  parts: Parts,
  kind: "password" | "prf",
  raw: Bytes,
  secret: Bytes,
  salt: Bytes,
): Promise<Wrap> {
  return { kind, salt, box: await encrypt(await kek(parts, secret), about(parts, kind), raw) };
}

/** The data key's bytes, or null for another secret. */
export async function unwrap(parts: Parts, found: Wrap, secret: Bytes): Promise<Bytes | null> {
  return decrypt(await kek(parts, secret), about(parts, found.kind), found.box).catch(() => null);
}

export async function wrapSelf(
  parts: Pick<Parts, "user" | "keyId">,
  key: CryptoKey,
  raw: Bytes,
): Promise<Wrap> {
  return { kind: "self", salt: new Uint8Array(), box: await encrypt(key, about(parts, "self"), raw) };
}

export async function unwrapSelf(
  parts: Pick<Parts, "user" | "keyId">,
  found: Wrap,
  key: CryptoKey,
): Promise<Bytes> {
  return decrypt(key, about(parts, "self"), found.box);
}

function about({ user, keyId }: Pick<Parts, "user" | "keyId">, kind: string): string {
  return `zoufang wrap 1|${user}|${keyId}|${kind}`;
}

async function kek({ deviceKey, share }: Parts, secret: Bytes): Promise<CryptoKey> {
  return derived(joined(secret, deviceKey, share), "zoufang vault 1");
}
