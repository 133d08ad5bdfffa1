/**
 * The office's pages and the online forms, in the browser: htmx, and what must be right after each swap.
 *
 * Every page works without this file. It adds: no full reload, filters that act at once, a count of marked fields,
 * and for those who listen or use a keyboard: focus, title and an announcement after each swap.
 */
import htmx from "htmx.org";
import { _, fmt } from "./text";

interface SwapDetail {
  ctx: {
    sourceElement?: Element;
    request: { method: string; headers: Record<string, string> };
    response?: { raw: Response; status: number };
    text?: string;
  };
}

const scrolls = new Map<string, number>();
let active = "";

function say(text: string): void {
  const live = document.getElementById("say");
  if (live) live.textContent = text;
}

/** The token that unsafe requests carry in `X-CSRFToken`: each form has it, so has the cookie. */
function csrf(): string {
  const field = document.querySelector<HTMLInputElement>("input[name=csrf]");
  return field?.value ?? "";
}

/** Marks and the two buttons of the review bar follow what is ticked. */
function countMarks(form: HTMLFormElement): void {
  let marked = 0;
  for (const box of form.querySelectorAll<HTMLInputElement>("input[name=mark]")) {
    box.closest(".fld")?.classList.toggle("marked", box.checked);
    if (box.checked) marked += 1;
  }
  const text = form.querySelector<HTMLElement>("[data-marked-text]");
  if (text)
    text.textContent = marked ? fmt(text.dataset.some ?? "", { n: marked }) : (text.dataset.none ?? "");
  const back = form.querySelector<HTMLElement>("[data-return]");
  const word = back?.querySelector("span");
  if (back && word) word.textContent = marked ? fmt(back.dataset.some ?? "", { n: marked }) : _("退回");
  back?.classList.toggle("main", marked > 0);
  form.querySelector("[data-approve]")?.classList.toggle("main", marked === 0);
}

function prepare(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-review]")) countMarks(form);
}

/** Where the reader is led: the first problem, else what the page names, else nothing moves. */
function lead(root: ParentNode): void {
  const said = root.querySelector<HTMLElement>("[data-say]");
  const place =
    root.querySelector<HTMLElement>("[data-first-problem]") ??
    root.querySelector<HTMLElement>("[data-focus]");
  place?.focus();
  say(said?.textContent?.trim() || document.title);
}

function keepScroll(): void {
  for (const el of document.querySelectorAll<HTMLElement>("[data-keep-scroll]"))
    scrolls.set(el.dataset.keepScroll ?? "", el.scrollTop);
}

function restoreScroll(): void {
  for (const el of document.querySelectorAll<HTMLElement>("[data-keep-scroll]"))
    el.scrollTop = scrolls.get(el.dataset.keepScroll ?? "") ?? 0;
}

function trouble(reason?: string): void {
  const text = reason ?? _("没有连上，还没有办成。内容都在这一页，请再按一次。");
  let bar = document.getElementById("trouble");
  if (!bar) {
    bar = document.createElement("p");
    bar.id = "trouble";
    bar.className = "said warn";
    document.getElementById("main")?.prepend(bar);
  }
  bar.textContent = text;
  say(text);
}

function onChange(event: Event): void {
  const target = event.target as HTMLInputElement;
  const form = target.form;
  if (!form) return;
  if (form.matches("[data-auto]")) form.requestSubmit();
  if (target.name === "mark") {
    countMarks(form);
    if (target.checked) target.closest(".fld")?.querySelector<HTMLInputElement>(".note input")?.focus();
  }
  if (target.name.startsWith("other.")) tickThird(target);
}

/** Writing a third value chooses it. */
function tickThird(target: HTMLInputElement): void {
  const radio = target.closest(".pick")?.querySelector<HTMLInputElement>("input[type=radio]");
  if (radio) radio.checked = true;
}

document.documentElement.classList.add("js");
document.addEventListener("change", onChange);
document.addEventListener("htmx:config:request", (event) => {
  const { request } = (event as CustomEvent<SwapDetail>).detail.ctx;
  if (request.method !== "GET") request.headers["X-CSRFToken"] = csrf();
});
document.addEventListener("htmx:before:swap", (event) => {
  const { response, text } = (event as CustomEvent<SwapDetail>).detail.ctx;
  const raw = response?.raw;
  if (raw?.redirected && new URL(raw.url).pathname === "/login") {
    event.preventDefault();
    location.assign(raw.url);
    return;
  }
  if (raw?.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    event.preventDefault();
    const { title } = JSON.parse(text ?? "{}") as { title?: string };
    trouble(title && fmt(_("{title}。内容都在这一页。"), { title }));
    return;
  }
  keepScroll();
  active = document.activeElement?.id ?? "";
});
// The page's title is set between "after" and "finally".
document.addEventListener("htmx:finally:swap", () => {
  prepare(document);
  restoreScroll();
  if (active) document.getElementById(active)?.focus();
  lead(document);
});
document.addEventListener("htmx:error", () => trouble());
prepare(document);
restoreScroll();
document.querySelector<HTMLElement>("[data-first-problem]")?.focus();
htmx.process(document.body);
