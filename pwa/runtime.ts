/** What compiled templates (pwa/compile.mjs) need when they run. */
import { FILTERS } from "./filters";
import { _, language } from "./text";

/** HTML that a macro made: not escaped again. */
export class Safe {
  constructor(readonly html: string) {}
  toString(): string {
    return this.html;
  }
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/** A value as it stands in a page. */
export function print(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (value instanceof Safe) return value.html;
  return String(value).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

export function safe(html: string): Safe {
  return new Safe(html);
}

/** What counts as true in a condition: as in Jinja2, not an empty list, object or text. */
export function yes(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Safe) return value.html !== "";
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

export function and<A, B>(left: A, right: () => B): A | B {
  return yes(left) ? right() : left;
}

export function or<A, B>(left: A, right: () => B): A | B {
  return yes(left) ? left : right();
}

/** The elements of a list; of nothing, none. */
export function each(value: unknown): unknown[] | string {
  return Array.isArray(value) || typeof value === "string" ? value : [];
}

export function within(part: unknown, whole: unknown): boolean {
  if (typeof whole === "string") return whole.includes(String(part));
  if (Array.isArray(whole)) return whole.includes(part);
  return typeof whole === "object" && whole !== null && String(part) in whole;
}

export const filters = FILTERS as unknown as Record<string, (...args: unknown[]) => unknown>;

/** A text of ours, in the language now in use, as it stands in a page. */
export function say(text: string): string {
  return print(_(text));
}

let built: Record<string, string> = {};

/** Where a built file is, by its name in the source. */
export function asset(name: string): string {
  return `/static/${built[name] ?? name}`;
}

export function useAssets(names: Record<string, string>): void {
  built = names;
}

export { _, language };
