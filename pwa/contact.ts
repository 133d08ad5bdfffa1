/** What a phone asks the server about its keys: the share and its lease, and whether it is still welcome. */
import type { ServerKey } from "./crypto/server";
import { Keeper, type Lease } from "./locks";
import type { Card } from "./records";
import type { Device } from "./store";

/** What contacts need of the outside. */
export interface Outside {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  now(): number;
}

/** A lease, and the server's clock when it was given. */
export interface Lent {
  lease: Lease;
  at: number;
}

const HOUR = 3_600_000;

/** The lease as the session's person has it, and the server's clock with it. Rejects without a signal; null: no session. */
export async function askLease(device: Device, { fetch, now }: Outside): Promise<Lent | null> {
  const response = await fetch(`/vault?device=${await device.id()}`, { cache: "no-store" });
  if (!response.ok) return null;
  const date = Date.parse(response.headers.get("Date") ?? "");
  return { lease: (await response.json()) as Lease, at: Number.isNaN(date) ? now() : date };
}

/**
 * At a contact: by the browser's session the lease goes on; without one it is asked whether the device is still
 * welcome. At most once an hour each, unless an exchange has just been refused. Rejects without a signal.
 */
export async function contact(device: Device, card: Card, outside: Outside, refused: boolean): Promise<void> {
  const now = outside.now();
  if (!refused && card.checked && now - card.checked < HOUR && now >= card.checked) return;
  // What the card said when the exchange began may be over: somebody signs out while one runs.
  const { session = card.signedIn } = (await device.cards()).find(({ id }) => id === card.id) ?? card;
  const lasts = session && (await isSession(card, outside));
  const renewed = lasts && (await renewLease(device, card, outside));
  if (!renewed) await afterEnd(device, card, outside, session && lasts === false);
  await device.changeCard(card.id, { checked: now });
}

/** Whether the browser's session is this person's; null where the server did not say. */
async function isSession({ user }: Card, { fetch }: Outside): Promise<boolean | null> {
  const response = await fetch("/session", { cache: "no-store" });
  if (response.status === 401) return false;
  if (!response.ok) return null;
  return ((await response.json()) as { user?: { id: string } }).user?.id === user;
}

/** False where the server lends nothing. Who has no key yet is asked for the password, to make one. */
async function renewLease(device: Device, card: Card, outside: Outside): Promise<boolean> {
  const found = await askLease(device, outside);
  if (!found) return false;
  if (await device.locks(card.user))
    await new Keeper(device, outside.now).lend(card.user, found.lease, found.at);
  else await device.changeCard(card.id, { signedIn: false, session: true, why: "older" });
  return true;
}

/** Asked by its delivery token: whether this device was ended from a list of devices. */
async function isRevoked({ delivery }: Card, { fetch }: Outside): Promise<boolean> {
  if (!delivery) return false;
  const headers = { Authorization: `Delivery ${delivery}` };
  const response = await fetch("/vault", { headers, credentials: "omit", cache: "no-store" });
  if (!response.ok) return false;
  return ((await response.json()) as { revoked: boolean; key: ServerKey }).revoked === true;
}

/**
 * A session that ended (`over`) is told from a device that was ended. The latter has delivered what it could by now: what is
 * left of this person goes, and with the last person all that the browser has of this site.
 */
async function afterEnd(device: Device, card: Card, outside: Outside, over: boolean): Promise<void> {
  if (!(await isRevoked(card, outside))) {
    if (over) await device.changeCard(card.id, { session: false, why: "ended" });
    return;
  }
  const keeper = new Keeper(device, outside.now);
  await keeper.withhold(card.user);
  if ((await device.ring.find())?.user === card.user) await device.ring.lock();
  const own = (await device.cards()).filter(({ user }) => user === card.user);
  for (const { id } of own) await device.changeCard(id, { signedIn: false, session: false, why: "revoked" });
  for (const { id } of own) if (await device.shelf(id).waiting()) return;
  await device.wipe(card.user);
  await device.change({ current: null, ended: true });
  if ((await device.cards()).length > 0) return;
  const headers = { Authorization: `Delivery ${card.delivery}` };
  await outside.fetch("/vault/wipe", { method: "POST", headers }).catch(() => undefined);
  // The browser has cleared this too; why there is nothing here any more is all that is noted anew.
  await device.change({ ended: true });
}
