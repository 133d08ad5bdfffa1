/** The service worker: keeps a few hashed files, hands /app/ to respond(), and syncs. Nothing in here must last. */
/// <reference lib="webworker" />
import "./older";
import { endSession } from "./contact";
import type { Env } from "./context";
import { listenForPush, stopPush, within } from "./push";
import { makeRender } from "./render";
import { respond } from "./respond";
import { Ring } from "./ring";
import { keyPages } from "./ringpages";
import { runAll } from "./runs";
import { holdPlace, holdsPlace } from "./spare";
import { space } from "./storage";
import { Device } from "./store";

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
    changed: () => event.waitUntil(tell()),
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
  type: "sync" | "tick" | "takeover" | "version" | "ring";
  /** How long ago a visible page was touched, in ms; none from a page that nobody sees. */
  idle?: number;
}

self.addEventListener("message", (event) => {
  const { type, idle } = event.data as Message;
  if (type === "takeover") event.waitUntil(self.skipWaiting());
  if (type === "sync" || type === "tick") event.waitUntil(sync(type === "sync", idle));
  if (type === "ring") event.waitUntil(hand(event.source));
});

/** Hands the open key to a page that has just come, or where nobody has been for long; it outlives this worker there. */
async function hand(page: ExtendableMessageEvent["source"]): Promise<void> {
  page?.postMessage({ type: "ring", held: await device.ring.find() });
}

// Rejects while anything waits: the browser then tries again by itself.
self.addEventListener("sync", ((event: ExtendableEvent) => {
  event.waitUntil(sync(true, undefined, false));
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
 * Runs for all vaults (runs.ts). Another that is under way goes on after it: this one leaves it to that, or waits for its
 * own turn, where somebody has to know whether all went.
 */
async function sync(asked = true, idle?: number, ifAvailable = true): Promise<void> {
  await device.ring.find();
  if (idle !== undefined) device.ring.seen(idle);
  await navigator.locks.request("zoufang-sync", { ifAvailable }, async (lock) => {
    if (!lock) {
      askedAgain ||= asked;
      return;
    }
    let all = await syncAll(asked);
    while (askedAgain) all = await syncAll(true);
    const held = await holdsPlace();
    // There is room again: what says that there is none is not true any more.
    if (!held && (await holdPlace())) await tell();
    if (!all && !ifAvailable) throw new Error("not all was sent");
  });
}

const outside = {
  fetch: (path: string, init?: RequestInit) => fetch(path, init),
  now: () => Date.now(),
};

async function syncAll(asked: boolean): Promise<boolean> {
  askedAgain = false;
  await endSession(device, outside).catch(() => undefined);
  return runAll(device, { ...outside, random: () => Math.random(), changed: tell }, asked);
}

/** Open pages look again, and note how much the phone holds (protect.ts). */
async function tell(): Promise<void> {
  const { current } = await device.settings();
  const unsent = (await device.cards()).find(({ id }) => id === current)?.unsent;
  for (const page of await self.clients.matchAll({ type: "window" }))
    page.postMessage({ type: "changed", unsent });
}
