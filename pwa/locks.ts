/** How a person's data key is kept on this phone, and each thing that opens it. */
import { type Bytes, fromText, random } from "./crypto/bytes";
import { decrypt, encrypt, rowKey } from "./crypto/rows";
import type { ServerKey } from "./crypto/server";
import {
  type Parts,
  secretOf,
  unwrap,
  unwrapSelf,
  type Wrap,
  wrap,
  wrapPassword,
  wrapSelf,
} from "./crypto/wraps";
import { uuid7 } from "./ids";
import { delay, forgiven, lasts, partsOf, pinTried, same, sharesOf, unlent, withWrap } from "./locks_parts";
import type { Device } from "./store";

/** The key's wraps, and what they hang on. Times in ms of this phone's clock. */
export interface Locks {
  user: string;
  keyId: string;
  deviceKey: Bytes;
  /** Lent by the server; gone when the lease has ended and after signing out. */
  share: Bytes | null;
  /** Lent before it in the same lease, where a restored server lends another: wraps may still be under these. */
  former?: Bytes[];
  /** The lease: when it was last renewed, and its end. */
  since: number;
  until: number;
  server: ServerKey;
  wraps: Wrap[];
  /** Wrong passwords in a row, and the time before which none is looked at. */
  tries: number;
  next: number;
  pin: Pin | null;
}

/** What a PIN is compared with, under the data key; `tries`: how often it was wrong in a row. */
interface Pin {
  salt: Bytes;
  box: Bytes;
  tries: number;
}

/** What the server says at each contact. */
export interface Lease {
  /** Whose share it is: who has the browser's session. */
  user: string;
  /** A delivery token for the client that was named. */
  delivery?: string;
  share: string;
  until: string;
  key: ServerKey;
}

const PIN_TRIES = 5;
const PIN_ABOUT = "zoufang pin 1";

export type Opened = "open" | "wrong" | "wait" | "contact";

export class Keeper {
  constructor(
    private readonly device: Device,
    private readonly now: () => number = Date.now,
  ) {}

  /** The person's locks, with a share only as long as its lease lasts. */
  async of(user: string): Promise<Locks | undefined> {
    const locks = await this.device.locks(user);
    if (!locks?.share || lasts(locks, this.now())) return locks;
    return this.device.changeLocks(user, (now) => (lasts(now, this.now()) ? now : unlent(now)));
  }

  /** Takes the shares of ended leases away: for whenever the worker runs. */
  async expire(): Promise<void> {
    for (const { user } of await this.device.allLocks()) await this.of(user);
  }

  /** At a contact: the share and its lease. `serverNow`: the server's clock then, by which `until` is meant. */
  async lend(user: string, lease: Lease, serverNow: number): Promise<void> {
    const times = { since: this.now(), until: Date.parse(lease.until) - serverNow + this.now() };
    const given = { ...times, share: fromText(lease.share), server: lease.key };
    const renewed = await this.device.changeLocks(user, (locks) => ({
      ...locks,
      ...given,
      former: sharesOf(locks).filter((one) => !same(one, given.share)),
    }));
    if (renewed && this.device.ring.key(user))
      await this.device.ring.renew({ until: renewed.until, server: renewed.server });
  }

  /** The server has just said yes to this person: wrong tries before that no longer hold anybody up. */
  async forgive(user: string): Promise<void> {
    await this.device.changeLocks(user, forgiven);
  }

  /** After signing out, or revoked: opens at a contact only. */
  async withhold(user: string): Promise<void> {
    await this.device.changeLocks(user, (locks) => ({ ...unlent(locks), pin: null }));
  }

  /** A data key for someone who has none here, or whose old one is lost. It is open then. */
  async make(user: string, password: string, lease: Lease, serverNow: number): Promise<Locks> {
    const raw = random(32);
    const key = await rowKey(raw);
    const about = { user, keyId: uuid7(this.now()), deviceKey: random(32), share: fromText(lease.share) };
    const locks: Locks = {
      ...about,
      since: this.now(),
      until: Date.parse(lease.until) - serverNow + this.now(),
      server: lease.key,
      wraps: [await wrapPassword(about, raw, password), await wrapSelf(about, key, raw)],
      tries: 0,
      next: 0,
      pin: null,
    };
    await this.device.putLocks(locks);
    await this.hold(locks, key);
    return locks;
  }

  /** With the password, offline too. "contact": the share is not here any more; "wait": too many wrong ones just now. */
  async password(user: string, password: string): Promise<Opened> {
    return this.open(user, "password", (salt) => secretOf(password, salt));
  }

  /** With what the fingerprint's credential gave. */
  async print(user: string, secret: Bytes): Promise<Opened> {
    return this.open(user, "prf", async () => secret);
  }

  private async open(
    user: string,
    kind: "password" | "prf",
    secret: (salt: Bytes) => Promise<Bytes>,
  ): Promise<Opened> {
    const locks = await this.of(user);
    const parts = locks && partsOf(locks);
    const found = locks?.wraps.find((one) => one.kind === kind);
    if (!parts || !found) return "contact";
    if (this.now() < locks.next) return "wait";
    const known = await secret(found.salt);
    let raw: Bytes | null = null;
    let older = false;
    for (const share of sharesOf(locks)) {
      raw = await unwrap({ ...parts, share }, found, known);
      older = share !== parts.share;
      if (raw) break;
    }
    if (!raw) {
      await this.change(locks, (now) => ({
        ...now,
        tries: now.tries + 1,
        next: this.now() + delay(now.tries + 1),
      }));
      return "wrong";
    }
    // Nothing is written that need not be: a vault opens on a full phone too.
    const good =
      (locks.tries > 0 && (await this.change(locks, forgiven).catch(() => null))) ||
      (await this.device.locks(user));
    if (!good?.share || good.keyId !== locks.keyId) return "contact";
    await this.hold(good, await rowKey(raw));
    if (older) {
      const made = { ...found, ...(await wrap(parts, kind, raw, known, found.salt)) };
      await this.change(locks, (now) => withWrap(now, made)).catch(() => null);
    }
    return "open";
  }

  private async hold({ user, keyId, server, until, pin }: Locks, key: CryptoKey): Promise<void> {
    await this.device.ring.put({ user, keyId, key, server, until, pin: pin !== null });
  }

  /** The open key under a new password as well. */
  async rewrap(user: string, password: string): Promise<void> {
    await this.add(user, async (parts, raw) => wrapPassword(parts, raw, password));
  }

  /** The open key under a fingerprint's credential. */
  async addPrint(user: string, secret: Bytes, salt: Bytes, credential: Bytes): Promise<void> {
    await this.add(user, async (parts, raw) => ({
      ...(await wrap(parts, "prf", raw, secret, salt)),
      credential,
    }));
  }

  async dropPrint(user: string): Promise<void> {
    await this.device.changeLocks(user, (locks) => ({
      ...locks,
      wraps: locks.wraps.filter(({ kind }) => kind !== "prf"),
    }));
  }

  private async add(user: string, make: (parts: Parts, raw: Bytes) => Promise<Wrap>): Promise<void> {
    const locks = await this.of(user);
    const parts = locks && partsOf(locks);
    const held = this.device.ring.key(user);
    const self = locks?.wraps.find(({ kind }) => kind === "self");
    if (!parts || !held || !self) return;
    const made = await make(parts, await unwrapSelf(parts, self, held.key));
    await this.change(locks, (now) => withWrap(now, made));
  }

  /** A PIN for waking what dozes; an empty one takes it away. */
  async setPin(user: string, digits: string): Promise<void> {
    const locks = await this.device.locks(user);
    const held = this.device.ring.key(user);
    if (!locks || !held) return;
    const salt = random(16);
    const box = digits ? await encrypt(held.key, PIN_ABOUT, await secretOf(digits, salt)) : null;
    await this.change(locks, (now) => ({ ...now, pin: box && { salt, box, tries: 0 } }));
    await this.device.ring.renew({ pin: box !== null });
  }

  /** Wakes a dozing key. The fifth wrong PIN in a row lets the key go: "contact" then means that the password is due. */
  async wake(user: string, digits: string): Promise<Opened> {
    const held = await this.device.ring.find();
    if (!(await this.of(user))?.pin || held?.user !== user) return "contact";
    // Counted before it is looked at, so that a worker stopped in between gives no try away.
    const locks = await this.device.changeLocks(user, (now) => pinTried(now, (tries) => tries + 1));
    if (!locks?.pin) return "contact";
    const wanted = await decrypt(held.key, PIN_ABOUT, locks.pin.box);
    const right = same(wanted, await secretOf(digits, locks.pin.salt));
    if (right && (await this.device.ring.find())?.keyId === held.keyId) {
      const good = await this.change(locks, (now) => pinTried(now, () => 0));
      if (!good?.pin) return "contact";
      await this.hold(good, held.key);
      return "open";
    }
    if (locks.pin.tries < PIN_TRIES) return "wrong";
    await this.change(locks, (now) => ({ ...now, pin: null }));
    await this.device.ring.lock();
    return "contact";
  }

  /** How often a PIN may still be tried. */
  async pinLeft(user: string): Promise<number> {
    return PIN_TRIES - ((await this.device.locks(user))?.pin?.tries ?? 0);
  }

  /** What was found out about these locks, written into them as they are by then; not if the key is another. */
  private async change(of: Locks, change: (now: Locks) => Locks): Promise<Locks | undefined> {
    return this.device.changeLocks(of.user, (now) => (now.keyId === of.keyId ? change(now) : now));
  }
}
