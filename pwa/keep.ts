/**
 * The page's part of the vault: it holds the open key while it lives, so that a worker that is stopped finds it again;
 * it notices that nobody is there; and it goes to the lock when there is no key any more.
 */
import { coverPage, uncoverPage } from "./cover";
import type { Autosave } from "./form/autosave";
import { type Held, isLeft } from "./ring";

type ToPage = { type: "ring"; held: Held | null } | { type: "ring?" } | { type: "changed" };

let held: Held | null = null;
/** Whose page this is. */
let owner = "";
let form: Autosave | null = null;
let touched = Date.now();
let shown = Date.now();
const CHECK = 15_000;

/** What a message to the worker says of whoever is there. */
export function presence(): { idle?: number } {
  return document.visibilityState === "visible" ? { idle: Date.now() - touched } : {};
}

/** Whether this page shows what lies behind the lock. */
function isOpen(): boolean {
  return "open" in document.documentElement.dataset;
}

function tell(type: "ring" | "left"): void {
  navigator.serviceWorker.controller?.postMessage({ type });
}

/** Out of sight at once. A moment later what is being typed has reached the form, and the page stays if it holds it. */
function toLock(): void {
  document.body.hidden = true;
  window.setTimeout(() => {
    if (form?.unsaved) {
      coverPage();
      document.body.hidden = false;
      return;
    }
    const here = location.pathname + location.search;
    location.replace(`/app/unlock?back=${encodeURIComponent(here)}`);
  });
}

function hear(event: MessageEvent<ToPage>): void {
  const { data } = event;
  if (data.type === "ring?") event.ports[0]?.postMessage(held && { ...held, shown, touched });
  if (data.type !== "ring") return;
  held = data.held;
  if (!isOpen()) return;
  if (!held || held.dozing) toLock();
  else if (owner && held.user !== owner) location.replace("/app/");
  else {
    owner = held.user;
    if (uncoverPage()) void form?.flush();
  }
}

/** Called now and then, and when the page is seen again. */
function check(): void {
  if (held && !held.dozing && isLeft({ ...held, shown, touched }, Date.now())) {
    held = null;
    tell("left");
    if (isOpen()) toLock();
  } else if (document.visibilityState === "visible") shown = Date.now();
  // A worker that is asked now and then is not stopped: here it must remember the new password for a while.
  if (document.querySelector("[data-keep-awake]")) tell("ring");
}

/** Call once in a page, with what saves its form. */
export function keepRing(autosave: Autosave): void {
  form = autosave;
  navigator.serviceWorker.addEventListener("message", hear);
  for (const type of ["pointerdown", "keydown", "input"]) {
    document.addEventListener(
      type,
      () => {
        check();
        touched = Date.now();
      },
      { capture: true, passive: true },
    );
  }
  document.addEventListener("visibilitychange", check);
  window.addEventListener("pageshow", () => tell("ring"));
  window.setInterval(check, CHECK);
}
