import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Form } from "../../pwa/forms";
import { type Context, type DocLike, present } from "../../pwa/present";

const read = (name: string) => JSON.parse(readFileSync(`sync/vectors/${name}`, "utf-8"));
const { head, cases } = read("forms_present.json");
const forms = new Map<string, Form>(
  read("forms_definitions.json").cases.map((form: Form) => [form.name, form]),
);

/** A view without its empty parts, as the cases keep it; the section in hand is among the sections. */
function pruned(view: unknown): unknown {
  if (Array.isArray(view)) return view.map(pruned);
  if (typeof view !== "object" || view === null) return view;
  const parts = Object.entries(view)
    .filter(([key]) => key !== "questions" || "state" in view)
    .map(([key, part]) => [key, pruned(part)] as const);
  return Object.fromEntries(parts.filter(([, part]) => !isEmpty(part)));
}

function isEmpty(part: unknown): boolean {
  return !part || (typeof part === "object" && Object.keys(part).length === 0);
}

for (const [index, each] of (
  cases as { form: string; doc: DocLike; context: Context; view: unknown }[]
).entries()) {
  test(`${each.form} ${index} looks on the phone as on the server`, () => {
    const form = forms.get(each.form) as Form;
    assert.deepEqual(
      pruned(present(form, each.doc, { ...each.context, now: Date.parse(head.now) })),
      each.view,
    );
  });
}
