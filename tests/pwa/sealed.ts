/** Opens what was sealed to the server's key, as PROTOCOL.md has it, with WebCrypto alone. */

/** One case of sync/vectors/sealed.json; bytes are base64url. */
export interface SealedCase {
  key: { id: string; public: string; private: string };
  about: string;
  plain: string;
  sealed: string;
}

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const POINT = 65;
const NONCE = 12;

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (char) => char.charCodeAt(0));
}

const text = (raw: Uint8Array) =>
  btoa(String.fromCharCode(...raw))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** The two halves of a point of the curve. */
const half = (point: string, index: 0 | 1) => text(bytes(point).slice(1 + 32 * index, 33 + 32 * index));

/** What was sealed, base64url. Rejects where key, nonce or what it is about are others. */
export async function opened({ key, about, sealed }: SealedCase): Promise<string> {
  const raw = bytes(sealed);
  const own = { kty: "EC", crv: "P-256", x: half(key.public, 0), y: half(key.public, 1), d: key.private };
  const [server, ephemeral] = await Promise.all([
    crypto.subtle.importKey("jwk", own, CURVE, false, ["deriveBits"]),
    crypto.subtle.importKey("raw", raw.slice(0, POINT), CURVE, false, []),
  ]);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: ephemeral }, server, 256);
  const info = new TextEncoder().encode(`zoufang op 1|${key.id}`);
  const aes = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]),
    { name: "AES-GCM", length: 256 },
    false,
    ["decrypt"],
  );
  const iv = raw.slice(POINT, POINT + NONCE);
  const additionalData = new TextEncoder().encode(about);
  const box = raw.slice(POINT + NONCE);
  return text(new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, aes, box)));
}
