/** What runs in the pages of forms filled online (`/fill/`): they save themselves, and a form goes once. */
import htmx from "htmx.org";
import { enhanceForms } from "./form/enhance";

enhanceForms(async (html, target) => {
  await htmx.swap({ text: html, target, swap: "innerMorph" });
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.dataset.gone === "true") event.preventDefault();
  else form.dataset.gone = "true";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.gone;
});
