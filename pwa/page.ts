/** What runs in each of the phone's pages: htmx, the worker, and when to sync. */
import htmx from "htmx.org";
import { enhanceForms } from "./form/enhance";
import { keepRing, presence } from "./keep";
import { attachPrint } from "./print";
import { noticeLoss, protectStorage } from "./protect";
import { attachReminders, keepOn } from "./reminders";
import { listenScreens } from "./screens";

const TICK = 60_000;
/** How often an open page looks for a new version by itself. */
const UPDATE = 3_600_000;

/** Asks the worker to sync; "tick" leaves the waiting time after a failure in place. */
function ask(type: "sync" | "tick"): void {
  navigator.serviceWorker.controller?.postMessage({ type, ...presence() });
}

/** Pages mark what lives: `data-live` is fetched anew when the worker says that something changed. */
let planned = 0;
function refresh(): void {
  clearTimeout(planned);
  planned = window.setTimeout(() => {
    for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "changed");
  }, 150);
}

navigator.serviceWorker.addEventListener("message", (event: MessageEvent<{ type: string }>) => {
  if (event.data.type === "changed") refresh();
});
window.addEventListener("online", () => ask("sync"));
window.addEventListener("offline", refresh);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") ask("tick");
});
window.setInterval(() => ask("tick"), TICK);
ask("tick");

const autosave = enhanceForms(async (html, target) => {
  await htmx.swap({ text: html, target, swap: "innerMorph" });
});
keepRing(autosave);

/** A new version waits for a tap: nothing is swapped under a form that is being filled. */
async function watchVersions(): Promise<void> {
  const registration = await navigator.serviceWorker.register("/sw.js", {
    scope: "/app/",
    updateViaCache: "none",
  });
  window.setInterval(() => void registration.update().catch(() => undefined), UPDATE);
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && navigator.serviceWorker.controller) offer(coming);
    });
  });
}

function offer(worker: ServiceWorker): void {
  const bar = document.getElementById("new-version");
  if (!bar) return;
  bar.hidden = false;
  bar.addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.postMessage({ type: "takeover" });
  });
}

/** A form goes once, however often its button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.hasAttribute("hx-post")) return;
  // What is searched for is shown as it is typed; as a page of its own it would stand in the browser's history.
  if (form.getAttribute("role") === "search") event.preventDefault();
  else if (form.dataset.gone === "true") event.preventDefault();
  else form.dataset.gone = "true";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.gone;
});

/** Keeps the place of somebody who reads or types in a part that is fetched anew. */
document.addEventListener("htmx:before:swap", () => {
  const id = document.activeElement?.id;
  if (!id) return;
  document.addEventListener("htmx:after:swap", () => document.getElementById(id)?.focus(), { once: true });
});

void watchVersions().catch(() => undefined);
listenScreens();
protectStorage();
noticeLoss();
attachReminders(document);
attachPrint();
void keepOn();
