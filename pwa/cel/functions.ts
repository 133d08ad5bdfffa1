/**
 * What forms' own functions give; twins of sync/cel_functions.py. A number that there is not is NaN, with which every
 * comparison is false.
 */

const NUMBER = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const DAY = 86_400_000;

/** A number, or a text that is one; anything else is NaN, with which every comparison is false. */
export function num(value: unknown): number {
  if (typeof value === "string") return NUMBER.test(value) ? Number(value) : Number.NaN;
  return typeof value === "number" ? value : Number.NaN;
}

/** Texts as they are, numbers in plain digits, `true` and `false`; "" for everything else. */
export function str(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number") return "";
  if (value === 0) return "0";
  return Math.abs(value) >= 1e-6 && Math.abs(value) < 1e15 ? String(value) : "";
}

/** Whether nothing was answered: null, an empty text or list, a group without parts. No is an answer. */
export function empty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.values(value).every(empty);
}

/** Yes, a number other than zero, or anything that is not empty. */
export function truthy(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return !Number.isNaN(value) && value !== 0;
  return !empty(value);
}

/** Whether this choice is among the chosen ones. */
export function selected(value: unknown, name: string): boolean {
  return Array.isArray(value) ? value.includes(name) : typeof value === "string" && value === name;
}

/** How many are chosen, or how many items a list has. */
export function countSelected(value: unknown): number {
  return Array.isArray(value) ? value.length : Number(!empty(value));
}

/** How many characters (code points) a text has. */
export function strlen(value: unknown): number {
  return typeof value === "string" ? [...value].length : 0;
}

/** The day number of an ISO date that exists, else NaN. */
export function dayNumber(value: unknown): number {
  const found = typeof value === "string" ? DATE.exec(value) : null;
  if (!found) return Number.NaN;
  const time = new Date(0).setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  const back = new Date(time);
  const exists = Number(found[1]) > 0 && back.getUTCMonth() + 1 === Number(found[2]);
  return exists && back.getUTCDate() === Number(found[3]) ? time / DAY : Number.NaN;
}

/** Days from one date or time to another, by the dates as they are written; NaN where one is missing. */
export function days(start: unknown, end: unknown): number {
  const date = (value: unknown) => dayNumber(typeof value === "string" ? value.slice(0, 10) : value);
  return date(end) - date(start);
}

/** By the name that a condition calls them by; `today()` is of the evaluation, not of these. */
export const FUNCTIONS = {
  num,
  str,
  truthy,
  empty,
  selected,
  count_selected: countSelected,
  strlen,
  days,
} as Record<string, (...args: never[]) => unknown>;
