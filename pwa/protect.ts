/** Asks the browser to keep what is stored here: by itself after signing in, and by the button at 我的. */

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

async function byHand(button: HTMLButtonElement): Promise<void> {
  if (await navigator.storage.persist().catch(() => false)) return location.reload();
  const line = button.closest("[data-room]")?.querySelector("[role=status]");
  if (line) line.textContent = button.dataset.refused ?? "";
}
