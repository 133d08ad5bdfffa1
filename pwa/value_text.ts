/** Answers in words, for screens; twin of sync/value_text.py. */

import { isDate, isDatetime } from "./form_values";
import type { Json } from "./protocol";
import type { Question } from "./questions";
import { _, fmt } from "./text";

/** What it takes to say a value: today (for the year), the school's offset, who is behind an id. */
export interface Words {
  today: string;
  offset: string;
  names: Record<string, string>;
}

type Parts = Record<string, Json>;

export const isNumber = (value: unknown): value is number => typeof value === "number";
export const partsOf = (value: Json | undefined): Parts =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** Digits without an exponent: 70, 36.5, 0.00001. */
export function plainNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  const [digits = "", power] = String(value).split("e-");
  if (power === undefined) return digits;
  const sign = digits.startsWith("-") ? "-" : "";
  const bare = digits.replace("-", "").replace(".", "");
  return `${sign}0.${"0".repeat(Number(power) - 1)}${bare}`;
}

/** Yuan: 5 or 4.50. */
export function money(value: number): string {
  return Number.isInteger(value) ? plainNumber(value) : value.toFixed(2);
}

/** A moment on the school's clock, as `2026-11-20T16:40`. */
export function schoolTime(value: string, offset: string): string {
  const sign = offset.startsWith("-") ? -1 : 1;
  const minutes = sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)));
  return new Date(Date.parse(value) + minutes * 60_000).toISOString().slice(0, 16);
}

/** 11月20日; with its year when that is not this year's. */
export function dateText(value: Json | undefined, words: Words): string {
  if (!isDate(value)) return typeof value === "string" ? value : "";
  const [y = 0, m = 0, d = 0] = value.split("-").map(Number);
  if (value.slice(0, 4) === words.today.slice(0, 4)) return fmt(_("{m}月{d}日"), { m, d });
  return fmt(_("{y}年{m}月{d}日"), { y, m, d });
}

/** 11月20日 16:40, on the school's clock. */
export function datetimeText(value: Json | undefined, words: Words): string {
  if (!isDatetime(value)) return typeof value === "string" ? value : "";
  const [day, clock] = schoolTime(value, words.offset).split("T");
  return `${dateText(day, words)} ${clock}`;
}

export function join(parts: string[]): string {
  return parts.filter(Boolean).join(_("、"));
}

/** The words of a choice; a name that this version does not know stands for itself. */
export function labelOf(question: Question, name: string): string {
  return question.choices?.find((choice) => choice.name === name)?.label ?? name;
}

/** Labels in the order of the choices, whatever the order of the answer; unknown ones last. */
function chosen(question: Question, value: string[]): string[] {
  const names = (question.choices ?? []).map((choice) => choice.name);
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  const sorted = [...value].sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
  return sorted.map((name) => labelOf(question, name));
}

/** A person's or pupil's name; a dash for one that is not known here. */
export function nameOf(words: Words, id: Json): string {
  return words.names[String(id)] ?? "—";
}

/** One value of a type that is not made of parts. */
export function scalarText(question: Question, value: Json, words: Words): string {
  const { type, unit = "" } = question;
  if (type === "bool") return value === true ? _("是") : _("否");
  if (isNumber(value)) return `${type === "money" ? money(value) : plainNumber(value)}${unit}`;
  if (type === "choice" || type === "matrix") return labelOf(question, String(value));
  if (type === "date") return dateText(value, words);
  if (type === "datetime") return datetimeText(value, words);
  if (type === "ref") return nameOf(words, value);
  if (type === "sign") return _("已签名");
  return typeof value === "string" ? value : "";
}

/** A whole answer as `boundValue` gives it; "" for none. */
export function valueText(question: Question, value: Json | undefined, words: Words): string {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "object" && Object.keys(value).length === 0) return "";
  if (question.merge === "list") {
    const n = (value as Json[]).length;
    return fmt(question.type === "photos" ? _("{n}张") : _("{n}项"), { n });
  }
  if (question.merge === "set") {
    const names = value as string[];
    return join(question.type === "refs" ? names.map((one) => nameOf(words, one)) : chosen(question, names));
  }
  if (question.type === "matrix") return matrixText(question, partsOf(value));
  if (question.type === "place") return placeText(partsOf(value));
  return question.columns ? partsText(question, value, words) : scalarText(question, value, words);
}

/** The answered parts of a group or an item, each behind its label: 味道 4，分量 5. */
export function partsText(question: Question, value: Json, words: Words): string {
  const known = partsOf(value);
  const told = (question.columns ?? []).map((column) => {
    const text = valueText(column, known[column.name], words);
    return text && `${column.label} ${text}`;
  });
  return told.filter(Boolean).join(_("，"));
}

/** Rows by answer; what is normal (the first choice) is only counted: 合格11项，不合格 禁用菜. */
function matrixText({ choices = [], rows = [] }: Question, value: Parts): string {
  if (!choices.length) {
    const told = rows.map(({ name, label }) => {
      const cell = value[name];
      return isNumber(cell) ? `${label} ${plainNumber(cell)}` : "";
    });
    return told.filter(Boolean).join(_("，"));
  }
  const told = choices.map((choice, index) => {
    const found = rows.filter((row) => value[row.name] === choice.name).map((row) => row.label);
    if (!found.length) return "";
    if (index === 0) return fmt(_("{choice}{n}项"), { choice: choice.label, n: found.length });
    return `${choice.label} ${join(found)}`;
  });
  return told.filter(Boolean).join(_("，"));
}

/** Never the coordinates: they are shown as a distance, where anybody needs it. */
function placeText({ lat = null, accuracy = null }: Parts): string {
  if (lat === null) return "";
  if (!isNumber(accuracy)) return _("已记位置");
  return fmt(_("已记位置，误差约{n}米"), { n: plainNumber(Math.floor(accuracy + 0.5)) });
}
