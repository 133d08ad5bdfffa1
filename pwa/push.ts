/**
 * Web Push in the worker: shows what comes, leads a tap to its page with or without a signal, and tells the server
 * where to send. `server/reminders/push.py` writes the message: {title, body, url, tag}; `reminders.ts` asks people.
 */
import { _ } from "./text";

/** `subscribe()` can hang for ever where the browser's push service can't be reached, as Google's in China. */
export const SUBSCRIBE_LIMIT = 20_000;
const HOME = "/app/";

/** The worker's part, to be called at once when the worker starts. `sync` brings what a message is about. */
export function listenForPush(worker: ServiceWorkerGlobalScope, sync: () => Promise<void>): void {
  worker.addEventListener("push", (event) => {
    event.waitUntil(show(worker.registration, event.data));
    event.waitUntil(sync().catch(() => undefined));
  });
  worker.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(openPage(worker, event.notification.data));
  });
  worker.addEventListener("pushsubscriptionchange", (event) => {
    (event as ExtendableEvent).waitUntil(renew(worker.registration.pushManager));
  });
}

/** Always shows something: a browser takes the permission back from who stays silent. */
async function show(registration: ServiceWorkerRegistration, data: PushMessageData | null): Promise<void> {
  const message = read(data);
  await registration.showNotification(text(message.title) || _("走访"), {
    body: text(message.body) || _("有走访到期，点开查看"),
    tag: text(message.tag) || "reminder",
    lang: "zh-CN",
    data: { url: text(message.url) },
  });
}

function read(data: PushMessageData | null): Record<string, unknown> {
  try {
    const message: unknown = data?.json();
    return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Leads an open window of the app to the page, else opens one. */
async function openPage(worker: ServiceWorkerGlobalScope, data: unknown): Promise<void> {
  const url = ownPage((data as { url?: unknown } | null)?.url, worker.location.origin);
  const windows = await worker.clients.matchAll({ type: "window" });
  const open = windows.find((client) => new URL(client.url).pathname.startsWith(HOME));
  const shown = await open?.navigate(url).catch(() => null);
  if (!shown) await worker.clients.openWindow(url);
  else await shown.focus().catch(() => undefined); // refused without a real tap; the page is there all the same
}

/** A page of the app, whatever a message says. */
export function ownPage(wanted: unknown, origin: string): string {
  try {
    const url = new URL(text(wanted) || HOME, origin);
    return url.origin === origin && url.pathname.startsWith(HOME) ? url.pathname + url.search : HOME;
  } catch {
    return HOME;
  }
}

/** The browser has changed its subscription by itself. */
async function renew(manager: PushManager): Promise<void> {
  await tell(await subscribe(manager));
}

/** The phone's part of signing out, which works without a signal: nobody's reminders come here any more. */
export async function stopPush(registration: ServiceWorkerRegistration): Promise<void> {
  const subscription = await registration.pushManager.getSubscription();
  await subscription?.unsubscribe();
}

/** Subscribes with the server's key, within a time limit. */
export async function subscribe(manager: PushManager): Promise<PushSubscription> {
  const { key } = (await answer(await fetch("/push/key"))) as { key: string };
  const wanted = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await within(SUBSCRIBE_LIMIT, manager.subscribe(wanted));
  } catch (error) {
    // Bound to a key that this server no longer has.
    if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
    await (await manager.getSubscription())?.unsubscribe();
    return within(SUBSCRIBE_LIMIT, manager.subscribe(wanted));
  }
}

/** Tells the server where to send, as the session's own. */
export async function tell(
  subscription: PushSubscription,
  method: "POST" | "DELETE" = "POST",
): Promise<void> {
  const { csrf } = (await answer(await fetch("/session"))) as { csrf: string };
  const { endpoint, keys } = subscription.toJSON();
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  const body = JSON.stringify(method === "POST" ? { endpoint, keys } : { endpoint });
  const reply = await fetch("/push/subscription", { method, headers, body });
  if (!reply.ok) throw new Error(`push/subscription ${reply.status}`);
}

async function answer(reply: Response): Promise<unknown> {
  if (!reply.ok) throw new Error(`${new URL(reply.url).pathname} ${reply.status}`);
  return reply.json();
}

/** Rejects with a TimeoutError when it takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DOMException("too long", "TimeoutError")), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
