/**
 * What a posted form changes, twin of sync/posted.py: names and values of inputs → entries of an op's `set`.
 * See there for the names (`base:p`, `was:p`, `p`, `p:column`, `remove:p`, `with:p`).
 */

import { type Form, type Question, questionFor } from "./forms";
import type { Json } from "./protocol";

export interface Change {
  path: string;
  base: number;
  value: Json;
  was?: string;
}

export interface Posted {
  changes: Change[];
  unreadable: string[];
}

export type Pairs = [name: string, value: string][];

/** What a form posted, without files. */
export async function pairsOf(request: Request): Promise<Pairs> {
  const pairs = [...(await request.formData()).entries()];
  return pairs.filter((pair): pair is Pairs[number] => typeof pair[1] === "string");
}

type Inputs = Map<string, string[]>;
type Item = { [key: string]: Json };

const NUMBERS = ["int", "number", "money"];
const ITEMS = ["list", "photos", "group", "place"];
const SETS = ["choices", "refs", "tags"];
const NUMBER = /^-?([0-9]{1,15}\.?[0-9]{0,6}|\.[0-9]{1,6})$/;
const MINUTE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$/;

class Unreadable extends Error {}

/** Reads the pairs of a form body. Never throws for what people type: that is named and left alone. */
export function posted(form: Form, pairs: Iterable<Pairs[number]>, offset = "+08:00"): Posted {
  const inputs: Inputs = new Map();
  for (const [name, value] of pairs) inputs.set(name, [...(inputs.get(name) ?? []), value]);
  const changes: Change[] = [];
  const unreadable: string[] = [];
  for (const name of inputs.keys()) {
    if (!name.startsWith("base:")) continue;
    const path = name.slice("base:".length);
    try {
      const change = changeOf(form, path, inputs, offset);
      if (change) changes.push(change);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unreadable.push(path);
    }
  }
  return { changes, unreadable };
}

function changeOf(form: Form, path: string, inputs: Inputs, offset: string): Change | null {
  const question = questionFor(form, path);
  if (!question) throw new Unreadable(path);
  const base = whole(first(inputs, `base:${path}`));
  const was = first(inputs, `was:${path}`);
  if (question.merge === "set") return setChange(path, base, was, inputs.get(path) ?? []);
  if (question.merge === "text") {
    const shown = clean(was);
    const text = clean(first(inputs, path));
    return shown === text ? null : { path, base, value: text, was: shown };
  }
  const value = answerOf(question, path, inputs, offset);
  return same(value, before(question, was, offset)) ? null : { path, base, value };
}

function setChange(path: string, base: number, was: string, chosen: string[]): Change | null {
  const old = new Set(was.split(/\s+/).filter(Boolean));
  const now = new Set(chosen.filter(Boolean));
  const add = [...now].filter((name) => !old.has(name)).sort();
  const remove = [...old].filter((name) => !now.has(name)).sort();
  return add.length || remove.length ? { path, base, value: { add, remove } } : null;
}

function answerOf(question: Question, path: string, inputs: Inputs, offset: string): Json {
  if (ITEMS.includes(question.type)) {
    return inputs.has(`remove:${path}`) ? null : columns(question, path, inputs, offset);
  }
  const raw = first(inputs, path);
  if (question.type === "sign") return raw ? object(raw) : null;
  return isNumberCell(question) ? number(raw) : scalar(question.type, raw, offset);
}

/** The parts that were filled; null when none was, so that an empty line stores nothing. */
function columns(question: Question, path: string, inputs: Inputs, offset: string): Item | null {
  const was = first(inputs, `was:${path}`);
  const kept = Object.entries(was ? object(was) : {}).filter(([name]) => !inputs.has(`${path}:${name}`));
  const value: Item = {};
  for (const column of question.columns ?? []) {
    const chosen = inputs.get(`${path}:${column.name}`);
    if (!chosen) continue;
    const list = chosen.filter(Boolean);
    const whole = list.length ? list : null;
    const part = SETS.includes(column.type) ? whole : scalar(column.type, chosen[0] ?? "", offset);
    if (part !== null) value[column.name] = part;
  }
  const filled = Object.keys(value).length > 0;
  const given = inputs.get(`with:${path}`)?.[0];
  if (given !== undefined) return filled ? { ...Object.fromEntries(kept), ...object(given), ...value } : null;
  return filled || kept.length > 0 ? { ...Object.fromEntries(kept), ...value } : null;
}

/** One input's text as a value of that type; null when it is empty. */
function scalar(kind: string, raw: string, offset: string): Json {
  const text = kind === "text" || kind === "line" ? clean(raw) : clean(raw).trim();
  if (text === "") return null;
  if (NUMBERS.includes(kind)) return number(text);
  if (kind === "bool") return text === "true";
  if (kind === "datetime" && MINUTE.test(text)) return `${text}:00${offset}`;
  return text;
}

function before(question: Question, was: string, offset: string): Json {
  if (was === "") return null;
  if (question.type === "sign" || ITEMS.includes(question.type)) return object(was);
  return isNumberCell(question) ? number(was) : scalar(question.type, was, offset);
}

function isNumberCell(question: Question): boolean {
  return question.type === "matrix" && !question.choices?.length;
}

/** NFC with LF, as texts are stored. */
export function clean(text: string): string {
  return text.replace(/\r\n?/g, "\n").normalize("NFC");
}

/** Digits as people type them, also full-width ones. */
function number(raw: string): number | null {
  const text = raw.normalize("NFKC").replaceAll("。", ".").replaceAll(",", "").trim();
  if (text === "") return null;
  if (!NUMBER.test(text)) throw new Unreadable(raw);
  return Number(text);
}

function whole(raw: string): number {
  if (!/^[0-9]+$/.test(raw)) throw new Unreadable(raw);
  return Number(raw);
}

function object(raw: string): Item {
  let value: Json;
  try {
    value = JSON.parse(raw) as Json;
  } catch {
    throw new Unreadable(raw);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Unreadable(raw);
  return value;
}

function first(inputs: Inputs, name: string): string {
  return inputs.get(name)?.[0] ?? "";
}

function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  return (
    left.length === Object.keys(b).length &&
    left.every(([key, part]) => key in b && same(part, (b as Item)[key] ?? null))
  );
}
