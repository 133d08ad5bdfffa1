/** Small helps on the phone's own screens: show a password, name what a choice will do, put the app on the home screen. */
import { fmt } from "./text";

/** Chrome asks by this event whether the app may be installed. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

export function listenScreens(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-reveal]");
    if (button) reveal(button);
  });
  document.addEventListener("change", (event) => {
    const form = (event.target as HTMLInputElement).form;
    if (form?.matches("[data-decide]")) decide(form);
  });
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-decide]")) decide(form);
  window.addEventListener("beforeinstallprompt", (event) => offer(event as InstallPrompt));
}

function reveal(button: HTMLButtonElement): void {
  const input = document.getElementById(button.dataset.reveal ?? "") as HTMLInputElement | null;
  if (!input) return;
  const hide = input.type === "text";
  input.type = hide ? "password" : "text";
  button.textContent = (hide ? button.dataset.show : button.dataset.hide) ?? "";
  input.focus();
}

/** The button says what it will do: 就用“一方外出”. The third value's control shows when it is wanted. */
function decide(form: HTMLFormElement): void {
  const chosen = form.querySelector<HTMLInputElement>("input[name=keep]:checked");
  const own = chosen?.value === "other";
  for (const third of form.querySelectorAll<HTMLElement>("[data-third]")) third.hidden = !own;
  const button = form.querySelector<HTMLElement>("[data-take]");
  if (!button || !chosen) return;
  const text = form.querySelector(`label[for="${CSS.escape(chosen.id)}"] b`)?.textContent ?? "";
  button.textContent = own ? (button.dataset.own ?? "") : fmt(button.dataset.take ?? "", { value: text });
}

function offer(prompt: InstallPrompt): void {
  const card = document.querySelector<HTMLElement>("[data-install]");
  if (!card) return;
  prompt.preventDefault();
  card.hidden = false;
  card.querySelector("button")?.addEventListener("click", () => void prompt.prompt());
}
