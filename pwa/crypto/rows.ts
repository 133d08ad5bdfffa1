/**
 * How a row is kept: AES-256-GCM over its JSON, with the place where it lies as associated data, so that no box can be
 * moved to another row, store or person. A box is nonce (12 bytes, random) ‖ ciphertext and tag.
 */
import { type Bytes, joined, random, utf8 } from "./bytes";

const NONCE = 12;
const AES = "AES-GCM";

/** Encrypts bytes; `about` must be given again to open them. */
export async function encrypt(key: CryptoKey, about: string, plain: Bytes): Promise<Bytes> {
  const iv = random(NONCE);
  const box = await crypto.subtle.encrypt({ name: AES, iv, additionalData: utf8(about) }, key, plain);
  return joined(iv, new Uint8Array(box));
}

/** Rejects (OperationError) for another key, another `about` or changed bytes. */
export async function decrypt(key: CryptoKey, about: string, box: Bytes): Promise<Bytes> {
  const params = { name: AES, iv: box.subarray(0, NONCE), additionalData: utf8(about) };
  return new Uint8Array(await crypto.subtle.decrypt(params, key, box.subarray(NONCE)));
}

/** Where a row lies; `shelf` is "<user>.<school>". */
export function place(shelf: string, store: string, row: string | number): string {
  const [user = "", school = ""] = shelf.split(".");
  return `1|${user}|${school}|${store}|${row}`;
}

export async function sealRow(key: CryptoKey, where: string, value: unknown): Promise<Bytes> {
  return encrypt(key, where, utf8(JSON.stringify(value)));
}

export async function openRow(key: CryptoKey, where: string, box: Bytes): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await decrypt(key, where, box)));
}

/** Bytes as a key that encrypts rows and never leaves the browser's memory. */
export async function rowKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, AES, false, ["encrypt", "decrypt"]);
}
