/** Asks the browser to keep what is stored here: by itself after signing in, and by the button at 我的. */

import { fmt } from "./text";

const ASKED = "asked-to-keep";

export function protectStorage(): void {
  if (!navigator.storage?.persist) return;
  // Some browsers ask the person, so it is done once in a tab's life, where work begins.
  if (document.getElementById("stand") && !sessionStorage.getItem(ASKED)) {
    sessionStorage.setItem(ASKED, "1");
    void navigator.storage.persist().catch(() => undefined);
  }
  const button = document.querySelector<HTMLButtonElement>("[data-protect]");
  button?.addEventListener("click", () => void byHand(button));
}

const HERE = "here";

/**
 * A cookie outlives the store that a browser clears for room: it says how much was unsent when the app last knew,
 * so that a phone which knows nobody any more can say what became of it.
 */
export function noticeLoss(): void {
  noteUnsent(document.documentElement.dataset.open);
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ unsent?: number }>) => {
    if (document.documentElement.dataset.open) noteUnsent(data.unsent);
  });
  const told = document.querySelector<HTMLElement>("[data-lost]");
  const before = new RegExp(`(?:^|; )${HERE}=(\\d+)`).exec(document.cookie);
  if (!told || !before) return;
  told.hidden = false;
  const some = told.querySelector<HTMLElement>("[data-some]");
  if (some && before[1] !== "0") some.textContent = fmt(some.dataset.some ?? "", { n: before[1] ?? "" });
}

function noteUnsent(n: string | number | undefined): void {
  // biome-ignore lint/suspicious/noDocumentCookie: Safari 16.4 and Firefox ESR have no Cookie Store API
  if (n !== undefined) document.cookie = `${HERE}=${n}; path=/app/; max-age=31536000; samesite=strict`;
}

async function byHand(button: HTMLButtonElement): Promise<void> {
  if (await navigator.storage.persist().catch(() => false)) return location.reload();
  const line = button.closest("[data-room]")?.querySelector("[role=status]");
  if (line) line.textContent = button.dataset.refused ?? "";
}
