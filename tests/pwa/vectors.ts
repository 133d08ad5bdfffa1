/**
 * The cases of sync/vectors/ as the phone's code has them: run by Node (vectors.test.ts), by Chromium
 * (tests/journeys/test_vectors.py) and over new cases (tests/sync/test_twins.py). Needs neither Node nor a page.
 */
import { apply } from "../../pwa/apply";
import { evaluate } from "../../pwa/cel";
import { FILTERS } from "../../pwa/filters";
import { type Answers, BadValue, checkValue, type Form, problems, relevant } from "../../pwa/forms";
import { posted } from "../../pwa/posted";
import { type Context, type DocLike, present } from "../../pwa/present";
import type { Doc, Json, Op } from "../../pwa/protocol";
import { valueText, type Words } from "../../pwa/value_text";
import { bothOpened, type SealedCase } from "./sealed";

/** A file: what holds for all its cases, and each. */
interface Vectors {
  head: Record<string, unknown>;
  cases: Record<string, unknown>[];
}

/** By name, as `JSON.parse` gives them. `forms_definitions.json` is what others are about and no test itself. */
export type Files = Record<string, Partial<Vectors> & Record<string, unknown>>;

/** How many cases a file has, and what came out otherwise. */
export interface Verdict {
  cases: number;
  faults: string[];
}

/** What the phone makes of one case, and what it should. */
type Pair = [found: unknown, expected: unknown];
type Runner = (given: never, head: never, forms: Map<string, Form>) => Pair | Promise<Pair>;

const RUNNERS: Record<string, Runner> = {
  "apply.json": ({ ops, after }: { ops: Op[]; after: object }) => {
    let doc: Doc | null = null;
    for (const op of ops) doc = apply(doc, op);
    return [{ state: doc?.state ?? null, fields: doc?.fields ?? {} }, after];
  },
  "cel.json": ({ source, results }: CelCase, { answers, today }: { answers: Answers[]; today: string }) => {
    const seen = Object.keys(results).map((index) => [
      index,
      told(evaluate(source, answers[Number(index)] as Answers, today)),
    ]);
    return [Object.fromEntries(seen), results];
  },
  "filters.json": (given: { filter: string; in: unknown; with: object; out: string }) => {
    const filter = FILTERS[given.filter] as ((...args: unknown[]) => string) | undefined;
    return [filter?.(given.in, { ...given.with, __keywords: true }), given.out];
  },
  "forms_present.json": (given: PresentCase, { now }: { now: string }, forms) => {
    const context = { ...given.context, now: Date.parse(now) };
    return [pruned(present(known(forms, given.form), given.doc, context)), given.view];
  },
  "forms_rules.json": (given: RuleCase, { today, now }: { today: string; now: string }, forms) => {
    const form = known(forms, given.form);
    const found = {
      relevant: [...relevant(form, given.answers, today)].sort(),
      problems: problems(form, given.answers, today, Date.parse(now)),
    };
    return [found, { relevant: given.relevant, problems: given.problems }];
  },
  "forms_values.json": ({ form, path, value, ...expected }: ValueCase, _, forms) => [
    checked(known(forms, form), path, value),
    expected,
  ],
  "posted.json": (given: PostedCase, { form }: { form: Form }) => [
    posted(form, given.pairs),
    { changes: given.changes, unreadable: given.unreadable ?? [] },
  ],
  "posted_bodies.json": (given: PostedCase, _, forms) => [
    posted(known(forms, given.form), given.pairs),
    { changes: given.changes, unreadable: given.unreadable },
  ],
  "sealed.json": async (given: SealedCase) => [await bothOpened(given), [given.plain, given.plain]],
  "value_text.json": (given: TextCase, { today, names }: Pick<Words, "today" | "names">, forms) => {
    const question = known(forms, given.form).questions.find(({ name }) => name === given.question);
    if (!question) throw new Error(given.question);
    return [valueText(question, given.value, { today, names, offset: given.offset }), given.text];
  },
};

interface CelCase {
  source: string;
  results: Record<string, unknown>;
}

interface PresentCase {
  form: string;
  doc: DocLike;
  context: Context;
  view: unknown;
}

interface RuleCase {
  form: string;
  answers: Answers;
  relevant: string[];
  problems: Json[];
}

interface ValueCase {
  form: string;
  path: string;
  value: Json;
}

interface PostedCase {
  form: string;
  pairs: [string, string][];
  changes: Json[];
  unreadable?: string[];
}

interface TextCase extends ValueCase {
  question: string;
  offset: string;
  text: string;
}

/** Runs all cases of these files. A file that nobody knows how to run is a fault, as is one without a case. */
export async function check(files: Files): Promise<Record<string, Verdict>> {
  const definitions = (files["forms_definitions.json"]?.cases ?? []) as unknown as Form[];
  const forms = new Map(definitions.map((form) => [form.name, form]));
  const verdicts: Record<string, Verdict> = {};
  for (const [name, file] of Object.entries(files)) {
    if (name !== "forms_definitions.json") verdicts[name] = await checkFile(name, file, forms);
  }
  return verdicts;
}

async function checkFile(name: string, file: Files[string], forms: Map<string, Form>): Promise<Verdict> {
  const runner = RUNNERS[name];
  const cases = file.cases ?? [];
  if (!runner || cases.length === 0) return { cases: 0, faults: [`${name}: nothing runs it`] };
  const faults: string[] = [];
  for (const [index, given] of cases.entries()) {
    try {
      const [found, expected] = await runner(given as never, (file.head ?? file) as never, forms);
      if (!same(found, expected)) faults.push(`${name} ${index}: ${short(found)} is not ${short(expected)}`);
    } catch (error) {
      faults.push(`${name} ${index}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return { cases: cases.length, faults };
}

const short = (value: unknown) => JSON.stringify(value)?.slice(0, 600);

/** The same JSON, -0 and 0 told apart, the order of keys left open; a key without a value is no key. */
function same(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return Object.is(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one, other].map((each) =>
    Object.entries(each).filter(([, value]) => value !== undefined),
  ) as [[string, unknown][], [string, unknown][]];
  const values = new Map(right);
  return (
    left.length === right.length &&
    left.every(([key, value]) => values.has(key) && same(value, values.get(key)))
  );
}

function known(forms: Map<string, Form>, name: string): Form {
  const form = forms.get(name);
  if (!form) throw new Error(`no form ${name}`);
  return form;
}

function told(value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  return { num: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf" };
}

function checked(form: Form, path: string, value: Json): object {
  try {
    const codes = checkValue(form, path, value).map((warning) => warning.code);
    return { warnings: codes.sort() };
  } catch (error) {
    if (error instanceof BadValue) return { held: error.code };
    throw error;
  }
}

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
