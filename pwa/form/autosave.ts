/**
 * Saves a form while it is being filled: at once when something is chosen, half a second after the last key, and
 * before the page goes away. "Saved" appears when the reply says so, and the reply never touches what has the focus,
 * what was changed meanwhile, or a composition of an input method.
 */
import { _, fmt } from "../text";
import { PATIENCE, timely } from "../wire";
import { keepScroll } from "./scroll";
import { bodyOf, findUnit, isTyping, mark, shownValue, unitName, unitOf } from "./units";

export type Swap = (html: string, target: Element) => Promise<void>;

const PAUSE = 500;
const RETRY = 3000;

export class Autosave {
  private readonly dirty = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private composing = false;
  /** How many saves are under way: one, and one more where the page was left meanwhile. */
  private saving = 0;
  private unsavedSince: Date | null = null;
  /** A button of the form that was pressed while a save was under way. */
  private pressed: HTMLElement | null = null;

  constructor(private readonly swap: Swap) {}

  /** Whether the page holds something that is not stored for sure. */
  get unsaved(): boolean {
    return this.dirty.size > 0 || this.saving > 0;
  }

  listen(): void {
    document.addEventListener("compositionstart", () => {
      this.composing = true;
    });
    document.addEventListener("compositionend", (event) => {
      this.composing = false;
      this.touched(event.target, PAUSE);
    });
    document.addEventListener("input", (event) => {
      if (isTyping(event.target as Element)) this.touched(event.target, PAUSE);
    });
    document.addEventListener("change", (event) => this.touched(event.target, 0));
    document.addEventListener("submit", (event) => this.goes(event), true);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.leave();
    });
    window.addEventListener("beforeunload", () => this.leave());
    window.addEventListener("pagehide", () => this.leave());
  }

  /**
   * The form goes after the answers that are on their way, for it is compared with what they leave: before them it would
   * lead on, or be handed in, without them.
   */
  private goes(event: SubmitEvent): void {
    clearTimeout(this.timer);
    if (!this.saving || !event.submitter) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.pressed = event.submitter;
  }

  private touched(target: EventTarget | null, wait: number): void {
    const unit = target instanceof Element ? unitOf(target) : null;
    if (!unit?.closest("form[data-autosave]")) return;
    this.dirty.add(unitName(unit));
    this.schedule(wait);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), wait);
  }

  /** The page may be gone in a moment: no reply is waited for. */
  private leave(): void {
    keepScroll();
    if (this.dirty.size > 0) void this.flush(true);
  }

  /** Saves now what is not saved; `leaving`: the page may be gone before the reply. */
  async flush(leaving = false): Promise<void> {
    const form = document.querySelector<HTMLFormElement>("form[data-autosave]");
    if (!form || this.dirty.size === 0) return;
    if (!leaving && this.saving) return this.schedule(PAUSE);
    if (!leaving && this.composing) return;
    const units = [...this.dirty].map((name) => findUnit(form, name)).filter((unit) => unit !== null);
    const body = bodyOf(form, units);
    const posted = units.map(post);
    this.dirty.clear();
    this.saving += 1;
    try {
      const reply = await send(form.dataset.autosave ?? "", body);
      if (form.isConnected) await this.take(form, reply, posted, body.get("s"));
      this.unsavedSince = null;
    } catch (error) {
      for (const { name, unit, was } of posted) {
        this.dirty.add(name);
        const mine = mark(unit, "was");
        if (mine) mine.value = was;
      }
      this.tellUnsaved(form, error instanceof PhoneFull);
      this.schedule(RETRY);
    } finally {
      this.saving -= 1;
      if (!this.saving) {
        this.pressed?.click();
        this.pressed = null;
      }
    }
  }

  private tellUnsaved(form: HTMLFormElement, full: boolean): void {
    this.unsavedSince ??= new Date();
    const line = document.getElementById("saved");
    const time = `${this.unsavedSince.getHours()}:${String(this.unsavedSince.getMinutes()).padStart(2, "0")}`;
    if (!line) return;
    line.classList.add("is-warn");
    const late = fmt(form.dataset.unsaved ?? _("{time}以后还没存上"), { time });
    line.textContent = full ? (form.dataset.full ?? late) : late;
  }

  /** Puts the reply in place, around whatever is being worked on. */
  private async take(
    form: HTMLFormElement,
    html: string,
    posted: Posted[],
    section: string | null,
  ): Promise<void> {
    const reply = new DOMParser().parseFromString(html, "text/html");
    const saved = reply.getElementById("saved");
    const line = document.getElementById("saved");
    if (saved && line) {
      line.className = saved.className;
      line.replaceChildren(...[...saved.childNodes].map((node) => document.importNode(node, true)));
    }
    const live = form.querySelector("#live");
    const fresh = reply.getElementById("live");
    const shown = reply.querySelector<HTMLInputElement>("input[name=s]")?.value;
    if (!live || !fresh || shown !== section) return;
    const kept = this.keep(form, fresh, posted);
    await this.swap(fresh.innerHTML, live);
    for (const unit of kept) unit.removeAttribute("hx-morph-skip");
    for (const input of live.querySelectorAll<HTMLInputElement>("input[type=checkbox], input[type=radio]")) {
      if (!kept.includes(unitOf(input) as HTMLElement)) input.checked = input.defaultChecked;
    }
  }

  /** Units that the swap must leave alone; what they are compared with next time is brought up to date. */
  private keep(form: HTMLFormElement, fresh: HTMLElement, posted: Posted[]): HTMLElement[] {
    const active = document.activeElement;
    const names = new Set(this.dirty);
    if (isTyping(active)) names.add(unitName(unitOf(active) ?? form));
    const kept: HTMLElement[] = [];
    if (this.pressed) kept.push(this.pressed); // it leads where it did when it was pressed
    for (const name of names) {
      const unit = findUnit(form, name);
      if (!unit) continue;
      kept.push(unit);
      const was = mark(unit, "was");
      const stored = posted.some((one) => one.name === name) && storedValue(unit, findUnit(fresh, name));
      if (was && typeof stored === "string") was.value = stored;
    }
    for (const one of kept) one.setAttribute("hx-morph-skip", "");
    return kept;
  }
}

/** A unit on its way: what it was compared with before, in case it does not arrive. */
interface Posted {
  name: string;
  unit: HTMLElement;
  was: string;
}

/** From now on the unit is compared with what is on its way, so that going back to the old value counts as a change. */
function post(unit: HTMLElement): Posted {
  const mine = mark(unit, "was");
  const was = mine?.value ?? "";
  if (mine) mine.value = shownValue(unit) ?? "";
  return { name: unitName(unit), unit, was };
}

/** What is stored of a unit as the reply tells it; not where it was shown anew from a later revision. */
function storedValue(unit: HTMLElement, fresh: HTMLElement | null): string | null {
  const sameBase = fresh && mark(fresh, "base")?.value === mark(unit, "base")?.value;
  return fresh && sameBase ? (mark(fresh, "was")?.value ?? "") : null;
}

/** What the worker answers when the phone has no room: only the person can help there. */
const FULL = 507;
class PhoneFull extends Error {}

/** The page may go away before the reply; of all that is on its way browsers see no more than 64 KB to its end then. */
const SMALL = 30_000;

async function send(url: string, body: URLSearchParams): Promise<string> {
  const headers = { "HX-Request": "true", "X-CSRFToken": body.get("csrf") ?? "" };
  const keepalive = String(body).length < SMALL;
  const init: RequestInit = { method: "POST", body, headers, keepalive };
  const response = await timely(window, url, init, PATIENCE);
  if (response.status === FULL) throw new PhoneFull();
  // Where the store was wiped, or nobody is signed in any more, it leads elsewhere and has stored nothing.
  if (!response.ok || response.headers.has("HX-Redirect")) throw new Error("not stored");
  return response.text();
}
