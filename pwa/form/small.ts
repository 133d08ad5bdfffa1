/** Small helps: steps up and down, quick dates, a count of characters, an answer that stands alone, a call noted. */
import { isTyping } from "./units";

export function listenSmall(): void {
  document.addEventListener("click", onClick);
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLTextAreaElement) count(event.target);
  });
  document.addEventListener("change", onChange, true);
  document.addEventListener("keydown", (event) => {
    const field = event.target as Element;
    if (
      event.key === "Enter" &&
      field instanceof HTMLInputElement &&
      isTyping(field) &&
      field.form?.matches(".fill")
    ) {
      event.preventDefault();
      field.blur();
    }
  });
}

function onClick(event: Event): void {
  const log = (event.target as Element).closest<HTMLElement>("[data-log]")?.dataset.log;
  if (log) void fetch(log, { method: "POST", keepalive: true }).catch(() => undefined);
  const button = (event.target as Element).closest<HTMLElement>("[data-step], [data-set]");
  const input = button && (document.getElementById(button.dataset.for ?? "") as HTMLInputElement | null);
  if (!button || !input) return;
  input.value = button.dataset.set ?? String(stepped(input, Number(button.dataset.step)));
  for (const other of button.parentElement?.querySelectorAll("[data-set]") ?? []) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** The next number in that direction; the first step from nothing starts at last time's or at the least. */
function stepped(input: HTMLInputElement, step: number): number {
  const least = Number(input.dataset.min ?? Number.NEGATIVE_INFINITY);
  const most = Number(input.dataset.max ?? Number.POSITIVE_INFINITY);
  const from = input.value.trim() === "" ? Number(input.dataset.from ?? 0) : Number(input.value);
  return Math.min(most, Math.max(least, (Number.isFinite(from) ? from : 0) + step));
}

function count(area: HTMLTextAreaElement): void {
  const place = document.getElementById(area.dataset.count ?? "");
  if (!place) return;
  const length = [...area.value].length;
  place.textContent = String(length);
  place.parentElement?.classList.toggle(
    "is-warn",
    length > Number(area.dataset.most ?? Number.POSITIVE_INFINITY),
  );
}

/** 无 stands alone: choosing it drops the others, choosing another drops it. */
function onChange(event: Event): void {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== "checkbox" || !box.checked) return;
  for (const other of box.form?.querySelectorAll<HTMLInputElement>(`input[name="${CSS.escape(box.name)}"]`) ??
    []) {
    const clash = "alone" in box.dataset || "alone" in other.dataset;
    if (other !== box && clash) other.checked = false;
  }
}
