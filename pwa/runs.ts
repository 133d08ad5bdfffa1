/** Syncing all vaults of this phone, the current one first: by the session for whose it is, else by the one-way door. */
import { contact, type Outside } from "./contact";
import { Keeper } from "./locks";
import { run } from "./outbox";
import type { Card, SyncNote } from "./records";
import { unlessFull } from "./spare";
import type { Device } from "./store";
import { Vault } from "./vault";
import { noticeWiped } from "./wiped";

/** What runs need of the outside. */
export interface World extends Outside {
  random(): number;
  /** Tells open pages that what they show may have changed. */
  changed(): Promise<void>;
}

/** Of a device that was ended, too, until nothing is left of the person. */
function isWanted({ signedIn, why, unsent, delivery }: Card): boolean {
  return signedIn || why === "revoked" || (unsent > 0 && delivery !== null);
}

/**
 * One run for each vault; what is wrong with one keeps no other waiting. `asked`: a person or the network asked, so that
 * waiting times do not count. Whether everything went that could go some day.
 */
export async function runAll(device: Device, world: World, asked: boolean): Promise<boolean> {
  await new Keeper(device, world.now).expire().catch(unlessFull);
  const { current } = await device.settings();
  const wanted = (await device.cards()).filter(isWanted);
  wanted.sort((a, b) => Number(b.id === current) - Number(a.id === current));
  for (const card of wanted) await runOne(device, card, world, asked).catch(console.error);
  return !(await device.cards()).some((card) => isWanted(card) && card.unsent > 0);
}

async function runOne(device: Device, card: Card, world: World, asked: boolean): Promise<void> {
  const { id, user } = card;
  const shelf = device.shelf(id);
  const now = new Date(world.now());
  if (card.why !== "revoked" && (await noticeWiped(device, card, now)) && !device.ring.key(user)) return;
  let told = card.unsent;
  const count = async () => {
    const unsent = await shelf.waiting();
    if (unsent === told) return;
    told = unsent;
    await device.changeCard(id, { unsent }).catch(unlessFull);
    await world.changed();
  };
  await count();
  const before = await shelf.note<SyncNote>("sync");
  // The page that asks may have been made while a run that has ended since was under way.
  if (!asked && before && before.next > world.now()) return world.changed();
  const note = await run(new Vault(card, shelf), {
    ...world,
    progress: () => world.changed(),
    keepCsrf: (csrf) => device.changeCard(id, { csrf }),
  });
  await count();
  if (note.state === "offline") return;
  await contact(device, card, world, note.state === "signin").catch(() => undefined);
}
