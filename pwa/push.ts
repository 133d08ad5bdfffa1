/**
 * Reminders by Web Push. The worker's part shows what comes and leads a tap to its page, with or without a signal;
 * the page's part asks for permission and tells the server where to send. `server/reminders/push.py` writes the
 * message: {title, body, url, tag}.
 */
import { _ } from "./text";

/** `subscribe()` can hang for ever where the browser's push service can't be reached, as Google's in China. */
export const SUBSCRIBE_LIMIT = 20_000;
const HOME = "/app/";
const KEPT = "reminders-kept";
const KEEP_EVERY = 10 * 60_000;

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

async function subscribe(manager: PushManager): Promise<PushSubscription> {
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
async function tell(subscription: PushSubscription, method: "POST" | "DELETE" = "POST"): Promise<void> {
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

/** What this browser can do for reminders. `late`: the push service did not answer; `failed`: our server did not. */
export type Standing = "on" | "off" | "denied" | "install" | "none" | "late" | "failed";

/** How reminders stand here, without asking anybody. */
export async function standing(): Promise<Standing> {
  const can = ability();
  if (can !== "off") return can;
  if (Notification.permission === "denied") return "denied";
  if (Notification.permission !== "granted") return "off";
  return (await (await manager()).getSubscription()) ? "on" : "off";
}

/** Asks for permission (call it in answer to a tap), subscribes, tells the server. */
export async function turnOn(): Promise<Standing> {
  const can = ability();
  if (can !== "off") return can;
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  let subscription: PushSubscription;
  try {
    subscription = await subscribe(await manager());
  } catch (error) {
    return error instanceof DOMException ? "late" : "failed";
  }
  return tell(subscription).then(
    () => "on",
    () => "failed",
  );
}

/** Stops reminders on this phone; the browser's own subscription goes too, so that it works without a signal. */
export async function turnOff(): Promise<Standing> {
  const subscription = ability() === "off" ? await (await manager()).getSubscription() : null;
  if (!subscription) return standing();
  await tell(subscription, "DELETE").catch(() => undefined);
  await subscription.unsubscribe();
  return "off";
}

/** Says again where to send, so that a phone which changed hands reminds the right person. Silent when it can't. */
export async function keepOn(): Promise<void> {
  try {
    if (Date.now() < Number(sessionStorage.getItem(KEPT)) + KEEP_EVERY) return;
    if ((await standing()) !== "on") return;
    const subscription = await (await manager()).getSubscription();
    if (subscription) await tell(subscription);
    sessionStorage.setItem(KEPT, String(Date.now()));
  } catch {
    // Next time; nothing the person could do.
  }
}

function ability(): Standing {
  if (!("serviceWorker" in navigator)) return "none";
  // An iPhone has push only for an app on the home screen.
  if (!("PushManager" in globalThis) || !("Notification" in globalThis)) {
    return "standalone" in navigator && !navigator.standalone ? "install" : "none";
  }
  return "off";
}

async function manager(): Promise<PushManager> {
  return (await within(SUBSCRIBE_LIMIT, navigator.serviceWorker.ready)).pushManager;
}

/** How it stands, in words. */
export function words(standing: Standing): string {
  const said: Record<Standing, string> = {
    on: _("已开启。本周有走访到期时，这部手机会提醒您。"),
    off: _("没有开启。打开应用时，今天页上一样能看到。"),
    denied: _("这部手机不让本应用发通知。要开启，请到手机的设置里允许通知。"),
    install: _("请先把本应用添加到主屏幕，从那里打开后再开启。"),
    none: _("这个浏览器不能收提醒。打开应用时，今天页上一样能看到。"),
    late: _("这部手机连不上推送服务，收不到提醒。打开应用时，今天页上一样能看到。"),
    failed: _("现在没有信号或没有登录，没能开启。有信号时再点一次。"),
  };
  return said[standing];
}

/** Brings the rows marked `data-reminders` to life: a line that says how it stands, and a button. */
export function attachReminders(root: ParentNode): void {
  for (const row of root.querySelectorAll<HTMLElement>("[data-reminders]")) {
    const button = row.querySelector<HTMLButtonElement>("button");
    const line = row.querySelector<HTMLElement>("[data-says]");
    if (!button || !line || row.dataset.reminders === "live") continue;
    row.dataset.reminders = "live";
    const tell = (now: Standing) => {
      line.textContent = words(now);
      button.textContent = now === "on" ? _("关闭提醒") : _("开启提醒");
      button.dataset.now = now;
      button.hidden = now === "none" || now === "install";
    };
    button.addEventListener("click", async () => {
      button.disabled = true;
      line.textContent = _("正在开启…");
      tell(await (button.dataset.now === "on" ? turnOff() : turnOn()));
      button.disabled = false;
    });
    void standing().then(tell);
  }
}
