/** What the bench measures in a browser: the store's own writes, and a first sync, ours and PouchDB's. */
import { random } from "../../../pwa/crypto/bytes";
import { rowKey } from "../../../pwa/crypto/rows";
import { uuid7 } from "../../../pwa/ids";
import { type Net, run } from "../../../pwa/outbox";
import type { Doc } from "../../../pwa/protocol";
import type { Card } from "../../../pwa/records";
import { Ring } from "../../../pwa/ring";
import { Shelf } from "../../../pwa/shelf";
import { newCore, Vault } from "../../../pwa/vault";

/** A ring with a fresh key of this user's, as after unlocking. */
async function opened(user: string): Promise<Ring> {
  const ring = new Ring();
  const key = await rowKey(random(32));
  const until = Date.now() + 86_400_000;
  await ring.put({ user, keyId: uuid7(), key, server: null, until, pin: false });
  return ring;
}

/** Nobody's key lies locked beside these stores. */
const noLocks = async () => undefined;

async function forget(shelf: Shelf): Promise<void> {
  await shelf.close();
  await new Promise((done, fail) => {
    const asked = indexedDB.deleteDatabase(`zoufang-${shelf.id}`);
    asked.onsuccess = done;
    asked.onerror = fail;
  });
}

/** Milliseconds until these docs are durable in a new store, under a key or in the clear. */
async function write(docs: Doc[], encrypted: boolean): Promise<number> {
  const user = uuid7();
  const shelf = new Shelf(`${user}.${uuid7()}`, encrypted ? await opened(user) : new Ring(), noLocks);
  await shelf.load();
  const began = performance.now();
  if (!(await shelf.commit(null, newCore(), { docs }))) throw new Error("not written");
  const took = performance.now() - began;
  await forget(shelf);
  return took;
}

/** Milliseconds that a first sync takes, in an encrypted store as every phone's is, and the docs that came. */
async function sync(user: string, school: string, csrf: string): Promise<[number, Doc[]]> {
  const shelf = new Shelf(`${user}.${school}`, await opened(user), noLocks);
  const card: Card = {
    ...{ id: shelf.id, user, school, csrf, name: "", phone: "", schoolName: "", schools: [] },
    ...{ delivery: null, signedIn: true, unsent: 0, used: 0 },
  };
  const vault = new Vault(card, shelf);
  const net: Net = {
    fetch: (path, init) => fetch(path, init),
    now: Date.now,
    random: Math.random,
    progress: async () => undefined,
    keepCsrf: async () => undefined,
  };
  const began = performance.now();
  const note = await run(vault, net);
  const took = performance.now() - began;
  if (note.state !== "ok") throw new Error(note.state);
  const docs = [...((await shelf.load())?.docs.values() ?? [])];
  await forget(shelf);
  return [took, docs];
}

Object.assign(self, { bench: { write, sync } });
