/** Where one was in each section of a form. Lost without harm where storage is closed. */

function scrollKey(form: HTMLFormElement): string {
  const section = form.querySelector<HTMLInputElement>("input[name=s]")?.value ?? "";
  return `at:${form.dataset.place}:${section}`;
}

/** How far down one was in the section that is shown. */
export function keptScroll(form: HTMLFormElement): number {
  try {
    return Number(localStorage.getItem(scrollKey(form)));
  } catch {
    return 0;
  }
}

/** Remembers it, for when the form is opened again. */
export function keepScroll(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-place]");
  if (!form) return;
  try {
    localStorage.setItem(scrollKey(form), String(Math.round(window.scrollY)));
  } catch {
    // Private windows refuse: then the section opens at its top.
  }
}
