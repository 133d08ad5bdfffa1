/**
 * What scripts add to a form (templates/shared/fill.html): it saves itself, counts, steps, and has a keypad and a pad
 * to sign on. Everything listens on the document, so that nothing is lost when a part of the page is swapped.
 */
import { Autosave, type Swap } from "./autosave";
import { listenKeypad } from "./keypad";
import { keptScroll } from "./scroll";
import { listenSignature } from "./signature";
import { listenSmall } from "./small";

/** Call once in a page. `swap` puts new HTML into a place and keeps what did not change (htmx's morph). */
export function enhanceForms(swap: Swap): Autosave {
  document.documentElement.classList.add("js");
  const autosave = new Autosave(swap);
  autosave.listen();
  listenSmall();
  listenKeypad();
  listenSignature();
  window.addEventListener("pageshow", () => settle());
  document.addEventListener("htmx:after:swap", () => settle());
  settle();
  return autosave;
}

let shown = "";

/** After a page came: go where one was, or to the first problem. Runs once for each address. */
function settle(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-place]");
  const place = form ? `${location.pathname}${location.search}${location.hash}` : "";
  if (place === shown) return;
  shown = place;
  if (!form) return;
  const bad = form.querySelector<HTMLElement>(".q.bad, .item.bad, .m-row.bad");
  if (bad) {
    bad.scrollIntoView({ block: "start" });
    bad
      .querySelector<HTMLElement>("textarea, input:not([type=hidden]), select, button")
      ?.focus({ preventScroll: true });
    return;
  }
  if (location.hash) {
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView({ block: "center" });
    return;
  }
  const kept = keptScroll(form);
  if (kept > 0) requestAnimationFrame(() => window.scrollTo(0, kept));
}
