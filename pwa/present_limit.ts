/** A reading against its limit: the gauge beside it and its words; twin of sync/present_limit.py. */

import { outOf } from "./form_values";
import type { Json } from "./protocol";
import type { Question } from "./questions";
import { _, fmt } from "./text";
import { isNumber, plainNumber } from "./value_text";

/** The gauge's length in its own coordinates. */
const RAIL = 316;

export interface Gauge {
  at: string;
  limit: string;
  good_from: string;
  good_to: string;
  text_at: string;
  anchor: "start" | "end";
  words: string;
  bad: boolean;
}

/** 至少 70℃, 至多 120分钟; "" without a limit. */
export function limitWords({ limit, unit = "" }: Question): string {
  if (!limit) return "";
  if (limit.min !== undefined) return fmt(_("至少 {n}{unit}"), { n: plainNumber(limit.min), unit });
  return fmt(_("至多 {n}{unit}"), { n: plainNumber(limit.max ?? 0), unit });
}

/** Where the tick and the dot stand, and which part of the rail is good; null without reading or limit. */
export function gauge(question: Question, value: Json): Gauge | null {
  const { limit } = question;
  if (!limit || !isNumber(value) || limit.lo === undefined || limit.hi === undefined) return null;
  const least = limit.min !== undefined;
  const tick = place(limit.min ?? limit.max ?? 0, limit.lo, limit.hi);
  return {
    at: plainNumber(place(value, limit.lo, limit.hi)),
    limit: plainNumber(tick),
    good_from: least ? plainNumber(tick) : "0",
    good_to: least ? String(RAIL) : plainNumber(tick),
    text_at: plainNumber(tenth(least ? tick + 6 : tick - 6)),
    anchor: least ? "start" : "end",
    words: limitWords(question),
    bad: outOf(value, limit.min, limit.max),
  };
}

function tenth(value: number): number {
  return Math.floor(value * 10 + 0.5) / 10;
}

/** A place on the rail; what is beyond its ends stands at the end. */
function place(value: number, low: number, high: number): number {
  return tenth(Math.min(Math.max((value - low) / (high - low), 0), 1) * RAIL);
}
