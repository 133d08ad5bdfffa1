/** A sheet of large keys for measured numbers. It says while one types whether the reading is within its limit. */
import { _, fmt } from "../text";

export interface Limit {
  least?: number;
  most?: number;
  unit: string;
  advice: string;
}

/** What a reading means against its limit, in words; null while it is within. */
export function verdict(value: number, limit: Limit): string | null {
  if (!Number.isFinite(value)) return null;
  const advice = limit.advice ? fmt(_("，{advice}"), { advice: limit.advice }) : "";
  if (limit.least !== undefined && value < limit.least) {
    return fmt(_("低{n}{unit}"), { n: tidy(limit.least - value), unit: limit.unit }) + advice;
  }
  if (limit.most !== undefined && value > limit.most) {
    return fmt(_("超{n}{unit}"), { n: tidy(value - limit.most), unit: limit.unit }) + advice;
  }
  return null;
}

/** "5.5" + "." stays "5.5"; no more than two places and seven digits, as no meter shows more. */
export function typed(text: string, key: string): string {
  if (key === "erase") return text.slice(0, -1);
  if (key === ".") return text.includes(".") ? text : `${text || "0"}.`;
  const next = text === "0" ? key : text + key;
  return /^\d{1,7}(\.\d{0,2})?$/.test(next) ? next : text;
}

function tidy(n: number): string {
  return String(Math.round(n * 100) / 100);
}

let field: HTMLInputElement | null = null;
let text = "";

export function listenKeypad(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const input = target.closest<HTMLElement>(".measure")?.querySelector<HTMLInputElement>("[data-keypad]");
    if (input && !input.disabled) open(input);
    const key = target.closest<HTMLElement>("[data-key]")?.dataset.key;
    if (key) press(key);
  });
  document.addEventListener("focusin", (event) => {
    const input = event.target as HTMLInputElement;
    if (input.matches?.("[data-keypad]")) input.inputMode = "none";
  });
  document.addEventListener("keydown", (event) => {
    if (!field) return;
    if (/^[0-9.]$/.test(event.key)) press(event.key);
    else if (event.key === "Backspace") press("erase");
    else if (event.key === "Escape") press("close");
    else if (event.key === "Enter") press("ok");
    else return;
    event.preventDefault();
  });
}

function open(input: HTMLInputElement): void {
  const template = document.getElementById("keypad") as HTMLTemplateElement | null;
  if (!template || field) return;
  field = input;
  text = input.value;
  input.blur();
  document.body.append(template.content.cloneNode(true));
  const sheet = place("kp-sheet");
  const title = input.dataset.title ?? "";
  put("kp-title", title);
  put("kp-sub", input.dataset.sub ?? "");
  put("kp-unit", input.dataset.unitWord ?? "");
  sheet?.setAttribute("aria-label", [title, input.dataset.sub].filter(Boolean).join(" "));
  sheet?.querySelector("[data-key='.']")?.toggleAttribute("disabled", input.dataset.whole !== undefined);
  sheet?.querySelector<HTMLElement>("[data-key='1']")?.focus();
  show();
}

function press(key: string): void {
  if (key === "close") close();
  else if (key === "none") finish("");
  else if (key === "ok") finish(text.replace(/\.$/, ""));
  else {
    const whole = field?.dataset.whole !== undefined;
    text = whole && key === "." ? text : typed(text, key);
    show();
  }
}

function finish(value: string): void {
  const input = field;
  close();
  if (!input) return;
  input.value = value;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function close(): void {
  place("kp-sheet")?.remove();
  place("kp-scrim")?.remove();
  const input = field;
  field = null;
  input?.closest<HTMLElement>(".measure")?.focus({ preventScroll: true });
}

function show(): void {
  const limit = field && limitOf(field);
  if (!limit) return;
  const words = text === "" ? null : verdict(Number(text), limit);
  put("kp-value", text);
  place("kp-num")?.classList.toggle("bad", words !== null);
  place("kp-verdict")?.toggleAttribute("hidden", words === null);
  put("kp-words", words ?? "");
  const bound = limit.least ?? limit.most;
  place("kp-lim")?.toggleAttribute("hidden", bound === undefined);
  put("kp-lim-word", limit.least === undefined ? _("至多") : _("至少"));
  put("kp-lim-value", bound === undefined ? "" : `${bound}${limit.unit}`);
  put("kp-none", bound === undefined ? _("不填") : _("没量到"));
  put(
    "kp-ok",
    text === "" ? _("先空着") : fmt(_("确定 {value}"), { value: `${text.replace(/\.$/, "")}${limit.unit}` }),
  );
}

function limitOf(input: HTMLInputElement): Limit {
  const { least, atmost, unitWord, advice } = input.dataset;
  return {
    least: least ? Number(least) : undefined,
    most: atmost ? Number(atmost) : undefined,
    unit: unitWord ?? "",
    advice: advice ?? "",
  };
}

function place(id: string): HTMLElement | null {
  return document.getElementById(id);
}

function put(id: string, words: string): void {
  const element = place(id);
  if (element) element.textContent = words;
}
