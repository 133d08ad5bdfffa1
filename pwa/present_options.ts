/** What can be chosen: choices, yes and no, people; twin of sync/present_options.py. */

import type { Asked } from "./present_control";
import type { Json } from "./protocol";
import type { Question } from "./questions";
import { _ } from "./text";

const OPTION_TYPES = ["choice", "choices", "bool", "ref", "refs", "tags"];
/** Above this many people only the chosen ones stand open; the rest is one tap away. */
const MANY = 12;
/** A number of at most this many values is chosen. */
const MARKS = 5;

export interface Option {
  name: string;
  label: string;
  on: boolean;
  last: boolean;
  alone: boolean;
  alarm: boolean;
  wide: boolean;
}

export interface Options {
  options: Option[];
  more: Option[];
  layout: "" | "three" | "flow" | "marks";
}

type Known = [name: string, label: string, mark: "" | "alone" | "alarm"];

/** The choices with those that are on and those of last time; long lists of people in two parts. */
export function optionsOf(asked: Asked, question: Question, value: Json, typed: string): Options {
  const chooses = OPTION_TYPES.includes(question.type) || (question.type === "matrix" && question.choices);
  if (!chooses && !isMark(question)) return { options: [], more: [], layout: "" };
  const chosen = new Set(
    (Array.isArray(value) ? (value as string[]) : [typed]).filter((name) => name !== ""),
  );
  const before = lastChosen(asked, question);
  const known = knownTo(asked, question);
  const names = known.map(([name]) => name);
  for (const name of [...chosen].filter((one) => !names.includes(one)).sort()) {
    known.push([name, question.to ? (asked.words.names[name] ?? "—") : name, ""]);
  }
  const found = known.map(([name, label, mark]) => ({
    name,
    label,
    on: chosen.has(name),
    last: before.includes(name),
    alone: mark === "alone",
    alarm: mark === "alarm",
    wide: false,
  }));
  if (question.to && found.length > MANY) {
    return { options: found.filter((each) => each.on), more: found.filter((each) => !each.on), layout: "" };
  }
  return { options: found, more: [], layout: isMark(question) ? "marks" : layoutOf(found) };
}

/** Whether a number is a mark of at most five (外观 1–5): tapped, not typed. */
function isMark({ type, min, max }: Question): boolean {
  return type === "int" && min !== undefined && max !== undefined && max > min && max - min < MARKS;
}

function knownTo({ context }: Asked, question: Question): Known[] {
  if (question.type === "bool") {
    return [
      ["true", _("是"), ""],
      ["false", _("否"), ""],
    ];
  }
  if (isMark(question)) {
    const { min = 0, max = 0 } = question;
    return Array.from({ length: max - min + 1 }, (_none, n) => [String(min + n), String(min + n), ""]);
  }
  if (question.choices) {
    return question.choices.map(({ name, label, alarm, exclusive }) => [
      name,
      label,
      alarm ? "alarm" : exclusive ? "alone" : "",
    ]);
  }
  const given = context.options?.[question.name] ?? context.options?.[question.to ?? ""] ?? [];
  return given.map(({ name, label }) => [name, label, ""]);
}

function lastChosen({ context }: Asked, question: Question): Json[] {
  if (!context.last || (question.type !== "choice" && question.type !== "choices")) return [];
  const value = context.last.fields[question.name] ?? null;
  return Array.isArray(value) ? value : [value];
}

/** Many short answers (a last one may be long) in three columns, a few in a row, the rest in two. */
function layoutOf(options: Option[]): Options["layout"] {
  const lengths = options.map((each) => [...each.label].length);
  const last = options[options.length - 1];
  if (last && options.length >= 7 && Math.max(...lengths.slice(0, -1)) <= 2) {
    last.wide = (lengths[lengths.length - 1] ?? 0) > 2;
    return "three";
  }
  const all = lengths.reduce((sum, length) => sum + length, 0);
  return options.length > 0 && options.length <= 3 && all <= 8 ? "flow" : "";
}
