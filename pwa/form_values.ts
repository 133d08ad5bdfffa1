/** What may be stored in a field, type by type; twin of sync/form_values.py. */

import { dayNumber } from "./cel";
import type { Json } from "./protocol";
import type { Form, Question } from "./questions";

const MAX_DEPTH = 8;
const MAX_PATH = 120;
const TEL = /^(1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8})$/;
const TIME = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
const DATETIME =
  /^([0-9-]{10})T(([01][0-9]|2[0-3])(:[0-5][0-9]){2})(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$/;

/** A value that the server would hold: `unknown_field`, `wrong_type` or `not_storable`. */
export class BadValue extends Error {
  constructor(
    readonly code: "unknown_field" | "wrong_type" | "not_storable",
    readonly field: string,
  ) {
    super(`${field}: ${code}`);
  }
}

/** A value that is stored and doubted: `out_of_range`, `too_long`, `unknown_choice`, `bad_format`. */
export interface Warning {
  field: string;
  code: string;
}

const isMap = (value: unknown): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

/** Whether JSON and both databases can hold this. */
export function storable(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return !value.includes("\0") && !/[\ud800-\udfff]/u.test(value);
  if (typeof value === "number") {
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  }
  if (value === null || typeof value === "boolean") return true;
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => storable(item, depth + 1));
  return (
    isMap(value) && Object.entries(value).every(([key, item]) => storable(key) && storable(item, depth + 1))
  );
}

/** `2026-11-20`, a day that exists. */
export function isDate(value: unknown): value is string {
  return !Number.isNaN(dayNumber(value));
}

/** RFC 3339 with its offset: `2026-11-20T16:40:02+08:00`. */
export function isDatetime(value: unknown): value is string {
  const found = isText(value) ? DATETIME.exec(value) : null;
  return found !== null && isDate(found[1]);
}

const RIGHT_TYPE: Partial<Record<Question["type"], (value: unknown) => boolean>> = {
  int: Number.isInteger,
  number: Number.isFinite,
  money: Number.isFinite,
  bool: (value) => typeof value === "boolean",
  date: isDate,
  datetime: isDatetime,
  time: (value) => isText(value) && TIME.test(value),
  json: () => true,
  sign: isMap,
};

/** The question that a path belongs to, or null; `sample/0193…` and `hygiene/banned` belong to theirs. */
export function questionFor(form: Form, path: string): Question | null {
  const slash = path.indexOf("/");
  const question = form.questions.find((each) => each.name === (slash < 0 ? path : path.slice(0, slash)));
  if (!question || slash < 0) return question ?? null;
  const item = path.slice(slash + 1);
  if (question.merge === "list") return item && !item.includes("/") ? question : null;
  return question.type === "matrix" && question.rows?.some((row) => row.name === item) ? question : null;
}

/** Whether a number is beyond one of these pairs of bounds. */
export function outOf(value: number, low?: number, high?: number): boolean {
  return (low !== undefined && value < low) || (high !== undefined && value > high);
}

export function isChoice(question: Question, name: string): boolean {
  return question.choices?.some((choice) => choice.name === name) ?? false;
}

/** Codes of what is odd about a value of the right type. */
export function doubts(question: Question, value: Json): string[] {
  const codes: string[] = [];
  const { type, max_length: most } = question;
  if (isText(value)) {
    if ((type === "choice" || type === "choices") && !isChoice(question, value)) codes.push("unknown_choice");
    if (most !== undefined && [...value].length > most) codes.push("too_long");
    if (type === "tel" && value && !TEL.test(value)) codes.push("bad_format");
  }
  if (
    typeof value === "number" &&
    (outOf(value, question.min, question.max) || outOf(value, question.soft_min, question.soft_max))
  ) {
    codes.push("out_of_range");
  }
  return codes;
}

/** Checks one entry of an op's `set`, as the server will. Throws BadValue. */
export function checkValue(form: Form, path: string, value: Json): Warning[] {
  const question = questionFor(form, path);
  const whole = !path.includes("/");
  if (path.length > MAX_PATH || !storable(path)) throw new BadValue("unknown_field", path);
  if (!question || whole === (question.merge === "list" || question.type === "matrix")) {
    throw new BadValue("unknown_field", path);
  }
  if (!storable(value)) throw new BadValue("not_storable", path);
  if (question.merge === "set") {
    return setEntries(path, value).flatMap((item) => warn(path, doubts(question, item)));
  }
  return value === null ? [] : check(question, path, value);
}

const warn = (field: string, codes: string[]): Warning[] => codes.map((code) => ({ field, code }));

function setEntries(path: string, value: Json): string[] {
  const known = isMap(value) && Object.keys(value).every((key) => key === "add" || key === "remove");
  if (!known) throw new BadValue("wrong_type", path);
  const { add = [], remove = [] } = value;
  for (const items of [add, remove]) {
    if (!Array.isArray(items) || !items.every((item) => isText(item) && item !== "")) {
      throw new BadValue("wrong_type", path);
    }
  }
  return add as string[];
}

function check(question: Question, path: string, value: Json): Warning[] {
  if (["list", "photos", "group", "place"].includes(question.type))
    return checkColumns(question, path, value);
  if (question.type === "matrix") {
    const right = question.choices ? isText(value) : typeof value === "number";
    if (!right) throw new BadValue("wrong_type", path);
    if (isText(value) && !isChoice(question, value)) return warn(path, ["unknown_choice"]);
  } else if (!(RIGHT_TYPE[question.type] ?? isText)(value)) {
    throw new BadValue("wrong_type", path);
  }
  return warn(path, doubts(question, value));
}

function checkColumns(question: Question, path: string, value: Json): Warning[] {
  if (!isMap(value)) throw new BadValue("wrong_type", path);
  return Object.entries(value).flatMap(([name, part]) => {
    const column = question.columns?.find((each) => each.name === name);
    if (!column) throw new BadValue("unknown_field", path);
    if (part === null) return [];
    if (column.type !== "list") return check(column, path, part);
    if (!Array.isArray(part)) throw new BadValue("wrong_type", path);
    return part.flatMap((item) => checkColumns(column, path, item));
  });
}
