/** The flat data of one control; twin of sync/present_control.py. */

import type { Problem } from "./form_problems";
import { isRequired } from "./form_rules";
import { isDate, isDatetime } from "./form_values";
import type { Context, DocLike } from "./present";
import { type Gauge, gauge, limitWords } from "./present_limit";
import { type Options, optionsOf } from "./present_options";
import type { Json } from "./protocol";
import type { Answers, Question, QuestionType } from "./questions";
import { _ } from "./text";
import {
  datetimeText,
  isNumber,
  partsOf,
  partsText,
  plainNumber,
  scalarText,
  schoolTime,
  valueText,
  type Words,
} from "./value_text";

/** What all questions of one form are shown with. */
export interface Asked {
  doc: DocLike;
  context: Context;
  words: Words;
  problems: Problem[];
  bound: Answers;
}

export interface SiblingView {
  id: string;
  value_text: string;
  by_name: string;
  at_text: string;
}

/** A question, an item, a column or a row of a matrix; every type has every key. */
export interface ControlView extends Options {
  name: string;
  path: string;
  type: QuestionType;
  label: string;
  hint: string;
  required: boolean;
  optional: boolean;
  gate: boolean;
  sealed: boolean;
  readonly: boolean;
  value: string;
  was: string;
  base: string;
  text: string;
  count: string;
  unit: string;
  max_length: string | null;
  step: string;
  min: string | null;
  max: string | null;
  soft_min: string | null;
  soft_max: string | null;
  quick: { value: string; label: string }[];
  earliest: string;
  latest: string;
  value_json: string;
  sign_path: string;
  sign_width: string;
  sign_height: string;
  error: string;
  warning: string;
  warning_level: "" | "warn" | "danger";
  by_name: string;
  at_text: string;
  gauge: Gauge | null;
  limit_text: string;
  limit_advice: string;
  siblings: SiblingView[];
  has_siblings: boolean;
  decide_url: string;
  entries: ControlView[];
  rows: ControlView[];
  columns: ControlView[];
  add_label: string;
  title: string;
  removable: boolean;
  note: string;
  note_by: string;
  position: string;
  last_text: string;
  last_was: string;
  last_date: string;
  changed: boolean;
}

/** A value as its input holds it, which is also how `was` tells it. */
export function inputValue(question: Question, value: Json, words: Words): string {
  if (value === null) return "";
  if (question.merge === "set") return Array.isArray(value) ? value.join(" ") : "";
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) return plainNumber(value);
  if (typeof value === "object") return JSON.stringify(value);
  return question.type === "datetime" && isDatetime(value) ? schoolTime(value, words.offset) : value;
}

export function control(
  asked: Asked,
  question: Question,
  path: string,
  value: Json,
  column = "",
): ControlView {
  const { words, context } = asked;
  const typed = inputValue(question, value, words);
  const required = isRequired(question, asked.bound, context.today);
  return {
    name: column || path,
    path,
    type: question.type,
    label: question.label,
    hint: question.hint ?? "",
    required,
    optional: !required && !question.auto,
    gate: question.gate ?? false,
    sealed: question.sealed ?? false,
    readonly: context.readonly ?? false,
    value: question.columns ? "" : typed,
    was: column ? "" : typed,
    base: String(context.base ?? 0),
    text: oneText(question, path, value, words),
    count: String([...typed].length),
    unit: question.unit ?? "",
    max_length: digits(question.max_length),
    step: digits(question.step) ?? "1",
    min: digits(question.min),
    max: digits(question.max),
    soft_min: digits(question.soft_min),
    soft_max: digits(question.soft_max),
    ...optionsOf(asked, question, value, typed),
    ...dates(asked, question),
    ...signature(question, value, typed),
    ...messages(asked, path, column),
    ...stamp(asked, column ? "" : path),
    gauge: gauge(question, value),
    limit_text: limitWords(question),
    limit_advice: question.limit?.word ?? "",
    siblings: column ? [] : siblings(asked, question, path),
    ...NOTHING_MORE,
    entries: [],
    rows: [],
    columns: [],
  };
}

const NOTHING_MORE = {
  has_siblings: false,
  decide_url: "",
  add_label: "",
  title: "",
  removable: false,
  note: "",
  note_by: "",
  position: "",
  last_text: "",
  last_was: "",
  last_date: "",
  changed: false,
};

function digits(value: number | undefined): string | null {
  return value === undefined ? null : plainNumber(value);
}

/** Short cuts for a coming date: tomorrow, and Saturday of next week. */
function dates({ context }: Asked, question: Question): Pick<ControlView, "quick" | "earliest" | "latest"> {
  if (!question.quick || !isDate(context.today)) return { quick: [], earliest: "", latest: "" };
  const day = new Date(`${context.today}T00:00:00Z`);
  const weekday = (day.getUTCDay() + 6) % 7;
  const after = (days: number) => new Date(day.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  const quick = [
    { value: after(1), label: _("明天") },
    { value: after(12 - weekday), label: _("下周六") },
  ];
  return { quick, earliest: context.today, latest: "" };
}

function signature(question: Question, value: Json, typed: string) {
  const { path = null, width = null, height = null } = question.type === "sign" ? partsOf(value) : {};
  return {
    value_json: question.type === "sign" ? typed : "",
    sign_path: typeof path === "string" ? path : "",
    sign_width: isNumber(width) ? plainNumber(width) : "300",
    sign_height: isNumber(height) ? plainNumber(height) : "158",
  };
}

/** The first error and the first warning. What is missing is only told to who tries to submit. */
function messages(asked: Asked, path: string, column: string) {
  const mine = asked.problems.filter((each) => each.field === path && each.column === column);
  const told = mine.filter((each) => each.code !== "required" || asked.context.submitting);
  const warning = told.find((each) => each.level !== "error");
  const level: ControlView["warning_level"] = !warning ? "" : warning.level === "danger" ? "danger" : "warn";
  return {
    error: told.find((each) => each.level === "error")?.message ?? "",
    warning: warning?.message ?? "",
    warning_level: level,
  };
}

function stamp({ doc, words }: Asked, path: string) {
  const { by, at } = doc.stamps?.[path] ?? {};
  return { by_name: words.names[by ?? ""] ?? "", at_text: datetimeText(at ?? "", words) };
}

function siblings({ doc, words }: Asked, question: Question, path: string): SiblingView[] {
  return (doc.siblings?.[path] ?? []).map(({ sibling, value, by, at }) => ({
    id: sibling,
    value_text: oneText(question, path, value ?? null, words),
    by_name: words.names[by ?? ""] ?? "",
    at_text: datetimeText(at ?? "", words),
  }));
}

/** The words for one register or one column: an item or a cell where the question has many. */
export function oneText(question: Question, path: string, value: Json, words: Words): string {
  if (value === null) return "";
  const whole = typeof value === "object" && !Array.isArray(value);
  if (question.type === "photos" && whole) return String(value.caption ?? "");
  if (question.merge === "list" && whole) return partsText(question, value, words);
  if (question.type === "matrix" && path.includes("/")) return scalarText(question, value, words);
  return valueText(question, value, words);
}
