/** What becomes of a person's locks. Pure: locks in, locks out. */
import type { Bytes } from "./crypto/bytes";
import type { Parts, Wrap } from "./crypto/wraps";
import type { Locks } from "./locks";

const FREE_TRIES = 3;
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 15 * 60_000;
/** A clock set back further than this before the lease was given is no clock to go by. */
const BACK = 2 * 86_400_000;

/** Whether the lease is on, by the phone's clock. */
export function lasts({ since, until }: Locks, now: number): boolean {
  return now <= until && now > since - BACK;
}

/** With this wrap in the place of the one of its kind. */
export function withWrap(locks: Locks, made: Wrap): Locks {
  return { ...locks, wraps: [...locks.wraps.filter(({ kind }) => kind !== made.kind), made] };
}

/** Opens at a contact only. */
export function unlent(locks: Locks): Locks {
  return { ...locks, share: null, former: [] };
}

/** What was lent in this lease, the newest first. */
export function sharesOf({ share, former = [] }: Locks): Bytes[] {
  return share ? [share, ...former] : [];
}

/** After a right secret: wrong ones before it no longer count. */
export function forgiven(locks: Locks): Locks {
  return { ...locks, tries: 0, next: 0 };
}

/** With another count of wrong PINs. */
export function pinTried(locks: Locks, count: (tries: number) => number): Locks {
  return locks.pin ? { ...locks, pin: { ...locks.pin, tries: count(locks.pin.tries) } } : locks;
}

/** What wraps are made of now; null while no share is here. */
export function partsOf({ user, keyId, deviceKey, share }: Locks): Parts | null {
  return share && { user, keyId, deviceKey, share };
}

/** Nothing for the first few, then 5 s, 10 s, 20 s … a quarter of an hour. */
export function delay(tries: number): number {
  return tries < FREE_TRIES ? 0 : Math.min(FIRST_WAIT * 2 ** (tries - FREE_TRIES), LONGEST_WAIT);
}

/** Compares in the same time whatever differs. */
export function same(a: Bytes, b: Bytes): boolean {
  let differs = a.length ^ b.length;
  for (const [i, byte] of a.entries()) differs |= byte ^ (b[i] ?? 0);
  return differs === 0;
}
