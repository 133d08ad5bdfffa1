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
/** The page is out of sight until the worker has said whether somebody is in another one. */
let asking = 0;
/** A worker that says nothing for so long is as good as one without the key. */
const PATIENCE = 5_000;
const CHECK = 15_000;

/** What a message to the worker says of whoever is there. */
export function presence(): { idle?: number } {
  return document.visibilityState === "visible" ? { idle: Date.now() - touched } : {};
}

/** Whether this page shows what lies behind the lock. */
function isOpen(): boolean {
  return "open" in document.documentElement.dataset;
}

function ask(): void {
  navigator.serviceWorker.controller?.postMessage({ type: "ring" });
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

function hear({ data, ports }: Pick<MessageEvent<ToPage>, "data" | "ports">): void {
  if (data.type === "ring?") ports[0]?.postMessage(held && { ...held, shown, touched });
  if (data.type !== "ring") return;
  held = data.held;
  // Somebody in another page is somebody.
  shown = Math.max(shown, held?.shown ?? 0);
  touched = Math.max(touched, held?.touched ?? 0);
  const asked = asking;
  window.clearTimeout(asking);
  asking = 0;
  if (!isOpen()) return;
  if (!held || held.dozing) toLock();
  else if (owner && held.user !== owner) location.replace("/app/");
  else {
    owner = held.user;
    if (asked) document.body.hidden = false;
    if (uncoverPage()) void form?.flush();
  }
}

/** Called now and then, and when the page is seen again. */
function check(): void {
  if (held && !held.dozing && isLeft({ ...held, shown, touched }, Date.now())) {
    if (isOpen()) document.body.hidden = true;
    asking ||= window.setTimeout(hear, PATIENCE, { data: { type: "ring", held: null } });
    ask();
  } else if (document.visibilityState === "visible") shown = Date.now();
  // A worker that is asked now and then is not stopped: here it must remember the new password for a while.
  if (document.querySelector("[data-keep-awake]")) ask();
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
        if (!asking) touched = Date.now();
      },
      { capture: true, passive: true },
    );
  }
  document.addEventListener("visibilitychange", check);
  window.addEventListener("pageshow", ask);
  window.setInterval(check, CHECK);
}
