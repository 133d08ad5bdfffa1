/** The service worker: keeps a few hashed files, hands /app/ to respond(), and syncs. Nothing in here must last. */
/// <reference lib="webworker" />
import "./older";
import type { Env } from "./context";
import { run } from "./outbox";
import { listenForPush, stopPush, within } from "./push";
import type { Card, SyncNote } from "./records";
import { makeRender } from "./render";
import { respond } from "./respond";
import { holdPlace } from "./spare";
import { space } from "./storage";
import { Device } from "./store";
import { Vault } from "./vault";

declare const self: ServiceWorkerGlobalScope;
/** Set by the build: name → hashed name of what is kept, and the version of all of it. */
declare const ASSETS: Record<string, string>;
declare const VERSION: string;

const CACHE = `zoufang-${VERSION}`;
const device = new Device();
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
  type: "sync" | "tick" | "takeover" | "version";
}

self.addEventListener("message", (event) => {
  const { type } = event.data as Message;
  if (type === "takeover") event.waitUntil(self.skipWaiting());
  if (type === "sync") event.waitUntil(sync());
  if (type === "tick") event.waitUntil(sync(false));
});

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

/**
 * One run for each vault of whoever is signed in, then for those who signed out of this phone with something unsent. `asked`: a person
 * or the network asked, so that waiting times do not count.
 */
async function sync(asked = true): Promise<void> {
  await navigator.locks.request("zoufang-sync", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const { current } = await device.settings();
    const cards = await device.cards();
    const open = cards.filter(({ signedIn }) => signedIn);
    const left = cards.filter(({ signedIn, unsent, delivery }) => !signedIn && unsent > 0 && delivery);
    open.sort((a, b) => Number(b.id === current) - Number(a.id === current));
    for (const card of [...open, ...left]) await syncOne(card, asked);
    await holdPlace();
  });
}

async function syncOne(card: Card, asked: boolean): Promise<void> {
  const shelf = device.shelf(card.id);
  const note = await shelf.note<SyncNote>("sync");
  if (!asked && note && note.next > Date.now()) return;
  const vault = new Vault(card, shelf);
  await run(vault, {
    fetch: (path, init) => fetch(path, init),
    now: () => Date.now(),
    random: () => Math.random(),
    progress: () => tell({ type: "changed" }),
    keepCsrf: (csrf) => device.changeCard(card.id, { csrf }),
  });
  await device.changeCard(card.id, { unsent: (await vault.snapshot()).unsentDocs.length });
}

async function tell(message: { type: "changed" }): Promise<void> {
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage(message);
}
