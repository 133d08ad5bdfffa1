/**
 * The lock over a page that holds something unsaved: to leave would lose it. Nobody sees the page meanwhile, and what
 * was typed stays in it.
 */
let cover: HTMLElement | null = null;
let below: HTMLElement[] = [];
let at = 0;
const AGAIN = 3000;

export function coverPage(): void {
  if (cover) return;
  at = window.scrollY;
  below = [...document.body.children].filter((one): one is HTMLElement => one instanceof HTMLElement);
  below = below.filter((one) => !one.hidden);
  for (const one of below) one.hidden = true;
  cover = document.createElement("div");
  cover.className = "page";
  cover.addEventListener("submit", (event) => void post(event));
  document.body.append(cover);
  void load("/app/unlock");
}

/** It is open again: the page as it was left. */
export function uncoverPage(): boolean {
  if (!cover) return false;
  cover.remove();
  cover = null;
  for (const one of below) one.hidden = false;
  window.scrollTo(0, at);
  return true;
}

async function load(path: string): Promise<void> {
  try {
    show(await (await fetch(`${path}${path.includes("?") ? "&" : "?"}over=yes`)).text());
  } catch {
    window.setTimeout(() => void load(path), AGAIN);
  }
}

/** What stands in the form of such a page; what leads away from it is not shown. */
function show(html: string): void {
  const form = new DOMParser().parseFromString(html, "text/html").querySelector("form.page-form");
  if (!form || !cover) return;
  cover.replaceChildren(document.importNode(form, true));
  cover.querySelector<HTMLElement>("[autofocus]")?.focus();
}

/** The answer is the form again, or the place to go on at: the ring tells when it is open. */
async function post(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  const button = event.submitter as HTMLButtonElement | null;
  if (button?.name) body.set(button.name, button.value);
  const path = form.getAttribute("action") ?? "";
  try {
    const response = await fetch(path, { method: "POST", body, headers: { "HX-Request": "true" } });
    const next = response.headers.get("HX-Redirect");
    delete form.dataset.gone;
    if (!next) show(await response.text());
    else if (/^\/app\/(unlock|signin)/.test(next)) await load(next);
  } catch {
    delete form.dataset.gone;
  }
}
