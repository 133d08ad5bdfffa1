/** What a phone asks the server about its keys: the share and its lease, and whether it is still welcome. */
import { Keeper, type Lease } from "./locks";
import type { Card } from "./records";
import type { Device } from "./store";
import { limited } from "./wire";

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

/**
 * The lease of this person, with the server's clock, and a delivery token where a client is named; null: the browser's
 * session is over or another's. Rejects without a signal, or where the server does not say.
 */
export async function askLease(
  device: Device,
  { fetch, now }: Outside,
  user: string,
  client = "",
): Promise<Lent | null> {
  const path = `/vault?device=${await device.id()}${client && `&client=${client}`}`;
  const response = await fetch(path, { cache: "no-store" });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`/vault ${response.status}`);
  const lease = (await response.json()) as Lease;
  if (lease.user !== user) return null;
  const date = Date.parse(response.headers.get("Date") ?? "");
  return { lease, at: Number.isNaN(date) ? now() : date };
}

/**
 * Ends the session of who signed out, also without a signal then. Only the server's word that it is over, or another's, ends
 * the asking; whoever has signed in meanwhile goes on. Rejects without a signal.
 */
export async function endSession(device: Device, outside: Pick<Outside, "fetch">): Promise<void> {
  const { fetch } = limited(outside);
  const { ending } = await device.settings();
  if (!ending) return;
  const found = await fetch("/session", { cache: "no-store" });
  const { user, csrf } = (await found.json()) as { user?: { id: string }; csrf?: string };
  if ((found.status !== 401 && !user) || (await device.settings()).ending !== ending) return;
  if (user?.id === ending) {
    const end = { method: "DELETE", headers: { "X-CSRFToken": csrf ?? "" } };
    if ((await fetch("/session", end)).status !== 204) return;
  }
  await device.change({ ending: null });
}

/**
 * At a contact: by the browser's session the lease goes on; without one it is asked whether the device is still
 * welcome. At most once an hour each, unless an exchange has just been refused. Rejects without a signal.
 */
export async function contact(device: Device, card: Card, given: Outside, refused: boolean): Promise<void> {
  const outside = limited(given);
  const now = outside.now();
  // What the card said when the exchange began may be over: somebody signs out while one runs.
  const is = (await device.cards()).find(({ id }) => id === card.id) ?? card;
  const { session = is.signedIn, checked } = is;
  const { client } = (await device.shelf(card.id).core()) ?? {};
  const lacksPass = session && client !== is.client;
  const early = checked && now - checked < HOUR && now >= checked;
  if (early && !refused && !lacksPass && is.why !== "revoked") return;
  const found = session ? await askLease(device, outside, card.user, client) : null;
  if (found) await renewed(device, is, found, outside.now, client);
  else await afterEnd(device, is, outside, session);
  await device.changeCard(card.id, { checked: now });
}

/** Who has no key yet is asked for the password, to make one. A new client, or another school's, needs a token of its own. */
async function renewed(
  device: Device,
  { id, user }: Card,
  { lease, at }: Lent,
  now: () => number,
  client?: string,
): Promise<void> {
  if (client && lease.delivery) await device.changeCard(id, { delivery: lease.delivery, client });
  if (await device.locks(user)) await new Keeper(device, now).lend(user, lease, at);
  else await device.changeCard(id, { signedIn: false, session: true, why: "older" });
}

/**
 * Asked by any delivery token of this person's: whether this device was ended from a list of devices. One that came with a
 * later sign-in says no for all of them.
 */
async function isRevoked(own: Card[], { fetch }: Outside): Promise<boolean> {
  let revoked = false;
  for (const { delivery } of own) {
    if (!delivery) continue;
    const headers = { Authorization: `Delivery ${delivery}` };
    const response = await fetch("/vault", { headers, credentials: "omit", cache: "no-store" });
    if (response.status === 401) continue;
    if (!response.ok || ((await response.json()) as { revoked: boolean }).revoked !== true) return false;
    revoked = true;
  }
  return revoked;
}

/**
 * A session that ended (`over`) is told from a device that was ended. The latter has delivered what it could by now: what is
 * left of this person goes, and with the last person all that the browser has of this site; the server hears that it is done.
 */
async function afterEnd(device: Device, card: Card, outside: Outside, over: boolean): Promise<void> {
  const ofPerson = async () => (await device.cards()).filter(({ user }) => user === card.user);
  const own = await ofPerson();
  // Once said it stays said, until the next sign-in: what was to be delivered first may take more than one contact.
  if (card.why !== "revoked") {
    if (!(await isRevoked(own, outside))) {
      if (over) await device.changeCard(card.id, { session: false, why: "ended" });
      return;
    }
    await new Keeper(device, outside.now).withhold(card.user);
    if ((await device.ring.find())?.user === card.user) await device.ring.lock();
    for (const { id } of own)
      await device.changeCard(id, { signedIn: false, session: false, why: "revoked" });
  }
  for (const { id } of own) if (await device.shelf(id).waiting()) return;
  if ((await ofPerson()).some(({ why }) => why !== "revoked")) return;
  await device.wipe(card.user);
  await device.change({ current: null, ended: true });
  const others = (await device.cards()).length > 0;
  const delivery = card.delivery ?? own.find((one) => one.delivery)?.delivery;
  const headers = { Authorization: `Delivery ${delivery}` };
  await outside
    .fetch(`/vault/wipe${others ? "?others=yes" : ""}`, { method: "POST", headers })
    .catch(() => undefined);
  // The browser has cleared this too; why there is nothing here any more is all that is noted anew.
  if (!others) await device.change({ ended: true });
}
