/**
 * A few megabytes that hold a place on the phone. Browsers no longer tell how much room is left (Chrome names the same
 * number for every phone), so the first sign would be a write that fails: then the place is given up, the write goes
 * through, and the person is told while there is still room for days of work.
 */
import { _ } from "./text";

const NAME = "spare";
const URL = "/spare";
const SIZE = 6_000_000;
/** The most random bytes that a browser gives at once. */
const PORTION = 65_536;

/** Takes the place, where it is not taken. False when there is no room for it. */
export async function holdPlace(): Promise<boolean> {
  if (typeof caches === "undefined" || (await caches.has(NAME))) return true;
  const bytes = new Uint8Array(SIZE); // random, for what is all zeros would be packed to nothing
  for (let at = 0; at < SIZE; at += PORTION)
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + PORTION, SIZE)));
  try {
    const cache = await caches.open(NAME);
    await cache.put(URL, new Response(bytes));
    return true;
  } catch {
    await caches.delete(NAME).catch(() => false);
    return false;
  }
}

/** Whether the place is held; true where there is nothing to hold it with. */
export async function holdsPlace(): Promise<boolean> {
  return typeof caches === "undefined" || caches.has(NAME);
}

/** Writes; a phone that is full gives up its spare place and writes once more. */
export async function withSpare<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isFull(error) || typeof caches === "undefined" || !(await caches.delete(NAME))) throw error;
    return write();
  }
}

export function isFull(error: unknown): boolean {
  const named = error instanceof Error || error instanceof DOMException;
  return named && error.name === "QuotaExceededError";
}

/** For what may stay undone on a full phone. */
export function unlessFull(error: unknown): void {
  if (!isFull(error)) throw error;
}

export function spareWords(): string {
  return _("手机空间满了，正用备用的一点。记录都存上了，请现在删几个视频或几张照片。");
}
