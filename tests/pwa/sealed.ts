/** What the server does with what was sealed to its key, from the format alone. */
import { fromText, toText } from "../../pwa/crypto/bytes";
import { decrypt } from "../../pwa/crypto/rows";
import { derived, sealTo } from "../../pwa/crypto/server";

interface Key {
  public: string;
  private: string;
}

/** One case of sync/vectors/sealed.json; bytes are base64url. */
export interface SealedCase {
  name: string;
  key: Key & { id: string };
  ephemeral: Key;
  about: string;
  plain: string;
  sealed: string;
}

export const CURVE = { name: "ECDH", namedCurve: "P-256" };

export async function privateKey({ public: point, private: d }: Key): Promise<CryptoKey> {
  const bytes = fromText(point);
  const jwk = { kty: "EC", crv: "P-256", x: toText(bytes.subarray(1, 33)), y: toText(bytes.subarray(33)), d };
  return crypto.subtle.importKey("jwk", jwk, CURVE, true, ["deriveBits"]);
}

/** Rejects where key, bytes or what they are about are others. */
export async function opened(
  { key, about }: SealedCase,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const from = await crypto.subtle.importKey("raw", sealed.slice(0, 65), CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: from }, await privateKey(key), 256);
  const aes = await derived(new Uint8Array(shared), `zoufang op 1|${key.id}`);
  return decrypt(aes, about, sealed.slice(65));
}

/** A case's plain bytes, opened from the case, and from what the phone seals of them. */
export async function bothOpened(given: SealedCase): Promise<[string, string]> {
  const own = await sealTo(given.key, given.about, fromText(given.plain));
  return [toText(await opened(given, fromText(given.sealed))), toText(await opened(given, own))];
}
