import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { evaluate } from "../../pwa/cel";
import { type Answers, BadValue, checkValue, type Form, problems, relevant } from "../../pwa/forms";
import type { Json } from "../../pwa/protocol";

/** A file of cases: what holds for all of them, and each. */
function read(name: string) {
  const { head, cases } = JSON.parse(readFileSync(`sync/vectors/${name}`, "utf-8"));
  return { ...head, cases };
}

const forms: Record<string, Form> = Object.fromEntries(
  read("forms_definitions.json").cases.map((form: Form) => [form.name, form]),
);

interface RuleCase {
  form: string;
  answers: Answers;
  relevant: string[];
  problems: Json[];
}

test("the same questions apply and the same things are wrong as on the server", () => {
  const { today, now, cases } = read("forms_rules.json");
  for (const each of cases as RuleCase[]) {
    const form = forms[each.form] as Form;
    assert.deepEqual([...relevant(form, each.answers, today)].sort(), each.relevant);
    assert.deepEqual(problems(form, each.answers, today, Date.parse(now)), each.problems);
  }
});

function checked(form: Form, path: string, value: Json): object {
  try {
    return {
      warnings: checkValue(form, path, value)
        .map((warning) => warning.code)
        .sort(),
    };
  } catch (error) {
    if (error instanceof BadValue) return { held: error.code };
    throw error;
  }
}

test("the phone stores what the server would, and doubts the same", () => {
  const { cases } = read("forms_values.json");
  for (const { form, path, value, ...expected } of cases) {
    assert.deepEqual(
      checked(forms[form] as Form, path, value),
      expected,
      `${path} = ${JSON.stringify(value)}`,
    );
  }
});

/** Numbers in ten digits: engines print the last ones differently. */
function told(value: unknown): unknown {
  if (typeof value !== "number") return value;
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return value.toExponential(9).replace(/e([+-])(\d)$/, "e$10$2");
}

test("conditions give what the server's engine gives", () => {
  const { answers, today, cases } = read("forms_cel.json");
  for (const { source, results } of cases as { source: string; results: unknown[] }[]) {
    const found = (answers as Record<string, unknown>[]).map((given) => told(evaluate(source, given, today)));
    assert.deepEqual(found, results, source);
  }
});
