/**
 * Sealing to the server's key: what is finished can be sent while nobody can read it on the phone. The bytes
 * (sync/PROTOCOL.md): ephemeral P-256 point (65) ‖ nonce (12) ‖ ciphertext and tag.
 */
import { type Bytes, fromText, joined, utf8 } from "./bytes";
import { encrypt } from "./rows";

/** The server's public key as it tells it: id, and the uncompressed point as text. */
export interface ServerKey {
  id: string;
  public: string;
}

const CURVE = { name: "ECDH", namedCurve: "P-256" };

/** Seals bytes; `about` is "<user>|<client>:<seq>" for an op. A pair is made for each unless one is given. */
export async function sealTo(
  to: ServerKey,
  about: string,
  plain: Bytes,
  pair?: CryptoKeyPair,
): Promise<Bytes> {
  const own = pair ?? (await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]));
  const theirs = await crypto.subtle.importKey("raw", fromText(to.public), CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256);
  const key = await derived(new Uint8Array(shared), `zoufang op 1|${to.id}`);
  const point = await crypto.subtle.exportKey("raw", own.publicKey);
  return joined(new Uint8Array(point), await encrypt(key, about, plain));
}

/** HKDF-SHA256 with an empty salt, as an AES key. */
export async function derived(secret: Bytes, info: string): Promise<CryptoKey> {
  const from = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) };
  return crypto.subtle.deriveKey(how, from, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
