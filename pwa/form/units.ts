/** Units of a form: the parts of a page that are stored as one (see templates/shared/field.html). */

export function unitOf(element: Element | null): HTMLElement | null {
  return element?.closest<HTMLElement>("[data-unit]") ?? null;
}

export function unitName(unit: HTMLElement): string {
  return unit.dataset.unit ?? "";
}

/** The unit of that name, wherever it stands now. */
export function findUnit(root: ParentNode, name: string): HTMLElement | null {
  return root.querySelector<HTMLElement>(`[data-unit="${CSS.escape(name)}"]`);
}

export function mark(unit: ParentNode, kind: "base" | "was"): HTMLInputElement | null {
  return unit.querySelector<HTMLInputElement>(`input[type=hidden][name^="${kind}:"]`);
}

/** What these units post, with the fields that belong to no unit. */
export function bodyOf(form: HTMLFormElement, units: Iterable<HTMLElement>): URLSearchParams {
  const wanted = new Set<Element>();
  for (const unit of units) for (const input of unit.querySelectorAll("[name]")) wanted.add(input);
  const body = new URLSearchParams();
  for (const input of form.querySelectorAll<HTMLInputElement>("[name]")) {
    if (input instanceof HTMLButtonElement) continue;
    if (unitOf(input) && !wanted.has(input)) continue;
    const pickable = input.type === "checkbox" || input.type === "radio";
    if (!pickable || input.checked) body.append(input.name, input.value);
  }
  return body;
}

/** Whether a key would change what stands in it. */
export function isTyping(element: Element | null): boolean {
  if (element instanceof HTMLTextAreaElement) return true;
  if (!(element instanceof HTMLInputElement)) return false;
  return !["checkbox", "radio", "hidden", "button", "submit"].includes(element.type);
}

/** The value as `was:` names it, for units that are one value; null where only the server can say. */
export function shownValue(unit: HTMLElement): string | null {
  const name = unitName(unit);
  const inputs = [...unit.querySelectorAll<HTMLInputElement>("[name]")].filter(
    (input) => input.name === name,
  );
  if (inputs.length === 0) return null;
  const boxes = inputs.filter((input) => input.type === "checkbox");
  if (boxes.length > 0) {
    return boxes
      .filter((box) => box.checked)
      .map((box) => box.value)
      .sort()
      .join(" ");
  }
  const radios = inputs.filter((input) => input.type === "radio");
  if (radios.length > 0) return radios.find((radio) => radio.checked)?.value ?? "";
  return inputs[0]?.value ?? null;
}
