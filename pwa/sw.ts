/** The service worker: keeps a few hashed files, hands /app/ to respond(), and syncs. Nothing in here must last. */
/// <reference lib="webworker" />
import "./older";
import { contact, endSession } from "./contact";
import type { Env } from "./context";
import { Keeper } from "./locks";
import { run } from "./outbox";
import { listenForPush, stopPush, within } from "./push";
import type { Card, SyncNote } from "./records";
import { makeRender } from "./render";
import { respond } from "./respond";
import { Ring } from "./ring";
import { keyPages } from "./ringpages";
import { holdPlace, holdsPlace } from "./spare";
import { space } from "./storage";
import { Device } from "./store";
import { Vault } from "./vault";
import { noticeWiped } from "./wiped";

declare const self: ServiceWorkerGlobalScope;
/** Set by the build: name → hashed name of what is kept, and the version of all of it. */
declare const ASSETS: Record<string, string>;
declare const VERSION: string;

const CACHE = `zoufang-${VERSION}`;
const device = new Device(new Ring(keyPages(self)));
const render = makeRender(ASSETS);

function env(event: ExtendableEvent): Env {
  return {
    device,
    render,
    version: VERSION,
    now: () => new Date(),
    fetch: (path, init) => fetch(path, init),
    online: () => navigator.onLine,
    sync: (asked) => event.waitUntil(syncSoon(asked)),
    after: (work) => event.waitUntil(work),
    space: () => space(navigator.storage),
    stopPush: () => within(3000, stopPush(self.registration)),
    changed: () => event.waitUntil(tell({ type: "changed" })),
  };
}

self.addEventListener("install", (event) => {
  event.waitUntil(precache());
});

async function precache(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(
    Object.values(ASSETS).map((name) => new Request(`/static/${name}`, { cache: "reload" })),
  );
}

self.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

async function takeOver(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith("zoufang-") && name !== CACHE).map((n) => caches.delete(n)),
  );
  await self.clients.claim();
  await holdPlace();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/app/") || url.pathname === "/app")
    event.respondWith(respond(event.request, env(event)));
  else if (url.pathname.startsWith("/static/")) event.respondWith(fromCache(event.request));
});

async function fromCache(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}

interface Message {
  type: "sync" | "tick" | "takeover" | "version" | "ring" | "left";
  /** How long ago a visible page was touched, in ms; none from a page that nobody sees. */
  idle?: number;
}

self.addEventListener("message", (event) => {
  const { type, idle } = event.data as Message;
  if (type === "takeover") event.waitUntil(self.skipWaiting());
  if (type === "sync" || type === "tick") event.waitUntil(sync(type === "sync", idle));
  if (type === "left") event.waitUntil(device.ring.find().then(() => device.ring.leave()));
  if (type === "ring") event.waitUntil(hand(event.source));
});

/** Hands the open key to a page that has just come, so that it outlives this worker. */
async function hand(page: ExtendableMessageEvent["source"]): Promise<void> {
  page?.postMessage({ type: "ring", held: await device.ring.find() });
}

self.addEventListener("sync", ((event: ExtendableEvent) => {
  event.waitUntil(sync());
}) as EventListener);

listenForPush(self, sync);

/** After a save: now, and once more by the browser itself should this worker be stopped before. */
async function syncSoon(asked = false): Promise<void> {
  const registration = self.registration as ServiceWorkerRegistration & {
    sync?: { register(tag: string): Promise<void> };
  };
  await registration.sync?.register("outbox").catch(() => undefined);
  await sync(asked);
}

/** Somebody asked while a run was under way: it is followed by another. */
let askedAgain = false;

/**
 * One run for each vault, the current one first: by the session for whose it is, through the one-way door for the
 * others. `asked`: a person or the network asked, so that waiting times do not count.
 */
async function sync(asked = true, idle?: number): Promise<void> {
  await device.ring.find();
  if (idle !== undefined) device.ring.seen(idle);
  await navigator.locks.request("zoufang-sync", { ifAvailable: true }, async (lock) => {
    if (!lock) {
      askedAgain ||= asked;
      return;
    }
    await syncAll(asked);
    while (askedAgain) await syncAll(true);
    const held = await holdsPlace();
    // There is room again: what says that there is none is not true any more.
    if (!held && (await holdPlace())) await tell({ type: "changed" });
  });
}

const outside = {
  fetch: (path: string, init?: RequestInit) => fetch(path, init),
  now: () => Date.now(),
};

async function syncAll(asked: boolean): Promise<void> {
  askedAgain = false;
  await new Keeper(device).expire();
  await endSession(device, outside).catch(() => undefined);
  const { current } = await device.settings();
  const cards = await device.cards();
  const wanted = cards.filter(({ signedIn, unsent, delivery }) => signedIn || (unsent > 0 && delivery));
  wanted.sort((a, b) => Number(b.id === current) - Number(a.id === current));
  for (const card of wanted) await syncOne(card, asked);
}

async function syncOne(card: Card, asked: boolean): Promise<void> {
  const shelf = device.shelf(card.id);
  if ((await noticeWiped(device, card, new Date())) && !device.ring.key(card.user)) return;
  const before = await shelf.note<SyncNote>("sync");
  // The page that asks may have been made while a run that has ended since was under way.
  if (!asked && before && before.next > Date.now()) return tell({ type: "changed" });
  const note = await run(new Vault(card, shelf), {
    ...outside,
    random: () => Math.random(),
    progress: () => tell({ type: "changed" }),
    keepCsrf: (csrf) => device.changeCard(card.id, { csrf }),
  });
  await device.changeCard(card.id, { unsent: await shelf.waiting() });
  if (note.state === "offline") return;
  await contact(device, card, outside, note.state === "signin").catch(() => undefined);
}

async function tell(message: { type: "changed" }): Promise<void> {
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage(message);
}
