/** Reminders in the page: asks at a moment that makes sense, and says in words how they stand on this phone. */
import { SUBSCRIBE_LIMIT, subscribe, tell, within } from "./push";
import { _ } from "./text";

const KEPT = "reminders-kept";
const DECLINED = "reminders-declined";
const KEEP_EVERY = 10 * 60_000;

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

/** Beside visits that are due: asks once, where the answer is still open, and takes no for an answer. */
function offer(row: HTMLElement, button: HTMLButtonElement, line: HTMLElement): void {
  if (localStorage.getItem(DECLINED)) return;
  void standing().then((now) => {
    row.hidden = now !== "off";
  });
  button.addEventListener("click", async () => {
    button.disabled = true;
    line.hidden = false;
    line.textContent = _("正在开启…");
    line.textContent = words(await turnOn());
    for (const each of row.querySelectorAll("button")) each.hidden = true;
  });
  row.querySelector("[data-no]")?.addEventListener("click", () => {
    localStorage.setItem(DECLINED, "1");
    row.hidden = true;
  });
}

/** Brings the rows marked `data-reminders` to life: a line that says how it stands, and a button. */
export function attachReminders(root: ParentNode): void {
  for (const row of root.querySelectorAll<HTMLElement>("[data-reminders]")) {
    const button = row.querySelector<HTMLButtonElement>("button");
    const line = row.querySelector<HTMLElement>("[data-says]");
    const { reminders } = row.dataset;
    if (!button || !line || reminders === "live") continue;
    row.dataset.reminders = "live";
    if (reminders === "offer") {
      offer(row, button, line);
      continue;
    }
    const say = (now: Standing) => {
      line.textContent = words(now);
      button.textContent = now === "on" ? _("关闭提醒") : _("开启提醒");
      button.dataset.now = now;
      button.hidden = now === "none" || now === "install";
    };
    button.addEventListener("click", async () => {
      button.disabled = true;
      line.textContent = _("正在开启…");
      say(await (button.dataset.now === "on" ? turnOff() : turnOn()));
      button.disabled = false;
    });
    void standing().then(say);
  }
}
