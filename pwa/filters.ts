/** Filters of the templates, twins of server/filters.py; sync/vectors/filters.json holds both to one behaviour. */

import { _, fmt } from "./text";

/** nunjucks hands keyword arguments over as a last object with `__keywords`. */
type Keywords = Record<string, string | number> & { __keywords?: true };

/** Replaces each `{name}` by its value. */
function fill(text: unknown, values: Keywords = {}): string {
  const { __keywords, ...named } = values;
  return fmt(String(text), named as Record<string, string | number>);
}

/** `2026-11-05` or a time on that day → 11月5日; anything else stays as it is. */
export function dateCn(iso: unknown): string {
  const found = /^\d{4}-(\d{2})-(\d{2})/.exec(String(iso));
  return found ? fmt(_("{m}月{d}日"), { m: Number(found[1]), d: Number(found[2]) }) : String(iso);
}

/** `2026-11-05T14:32:08+08:00` → 14:32, the time as it was written; anything else stays as it is. */
export function clock(iso: unknown): string {
  return /^\d{4}-\d{2}-\d{2}T(\d{2}:\d{2})/.exec(String(iso))?.[1] ?? String(iso);
}

/** Name in templates → function. */
export const FILTERS: Record<string, (...args: never[]) => string> = { fmt: fill, date_cn: dateCn, clock };
