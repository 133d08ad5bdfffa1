/** One question as flat data; twin of sync/present_question.py. */

import { evaluate } from "./cel";
import { boundValue, itemsOf } from "./form_rules";
import { isDatetime } from "./form_values";
import { type Asked, type ControlView, control } from "./present_control";
import type { Json } from "./protocol";
import type { Question } from "./questions";
import { _ } from "./text";
import { dateText, datetimeText, isNumber, nameOf, partsOf, schoolTime, valueText } from "./value_text";

/** Types whose last answer is told in a line of its own; options carry a mark instead. */
const LAST_BESIDE = ["int", "number", "money", "text", "line", "date"];

/** A question with everything that a template prints. */
export function presentQuestion(asked: Asked, question: Question): ControlView {
  const { context, doc, words } = asked;
  const path = question.name;
  const computed = question.compute === undefined ? null : compute(asked, question.compute);
  const bound = question.compute === undefined ? (asked.bound[path] ?? null) : computed;
  const stored = question.compute === undefined ? (doc.fields[path] ?? null) : computed;
  const view = control(asked, question, path, stored);
  Object.assign(view, returned(asked, question), last(asked, question));
  view.label = context.readonly ? question.label : question.ask || question.label;
  view.readonly = (context.readonly ?? false) || question.compute !== undefined;
  view.text = valueText(question, bound, words);
  view.changed = view.last_was !== "" && view.last_was !== view.text;
  if (question.merge === "list") view.entries = entries(asked, question);
  if (question.type === "matrix") view.rows = (question.rows ?? []).map((row) => rowOf(asked, question, row));
  if (question.type === "group" || question.type === "place") {
    view.columns = columnsOf(asked, question, path, doc.fields[path] ?? null);
  }
  markSiblings(asked, question, view);
  return view;
}

function markSiblings({ doc, context }: Asked, question: Question, view: ControlView): void {
  const spread = question.merge === "list" || question.type === "matrix";
  const open = Object.entries(doc.siblings ?? {})
    .filter(
      ([path, all]) => all.length && (path === view.path || (spread && path.startsWith(`${view.path}/`))),
    )
    .map(([path]) => path)
    .sort();
  view.has_siblings = open.length > 0;
  if (open[0] !== undefined && context.decide) view.decide_url = context.decide + open[0];
}

function compute(asked: Asked, source: string): number | null {
  const value = evaluate(source, asked.bound, asked.context.today);
  return isNumber(value) && Math.abs(value) < 1e15 ? value : null;
}

/** What a reviewer asks for at this question; a mark without words of its own carries the reason. */
function returned({ context, words }: Asked, question: Question): Partial<ControlView> {
  const note = context.returned;
  const fields = note?.fields ?? [];
  const paths = Array.isArray(fields) ? fields : Object.keys(fields);
  const marked = paths.find((path) => path.split("/")[0] === question.name);
  if (!note || marked === undefined) return {};
  const own = Array.isArray(fields) ? "" : fields[marked];
  const signed = [words.names[note.by ?? ""] ?? "", datetimeText(note.at ?? "", words)];
  return { note: own || note.reason || "", note_by: signed.filter(Boolean).join(_("，")) };
}

/** Last visit's answer. On a form only where it helps; read-only everywhere. */
function last({ context, words }: Asked, question: Question): Partial<ControlView> {
  if (!context.last) return {};
  const { fields, at } = context.last;
  const text = valueText(question, boundValue(question, fields), words);
  const day = fields.occurred_at || at || "";
  const when = isDatetime(day) ? schoolTime(day, words.offset).slice(0, 10) : day;
  const beside = context.readonly || (LAST_BESIDE.includes(question.type) && !question.quick);
  const shown = beside ? text : "";
  return { last_text: shown, last_was: text, last_date: shown ? dateText(when, words) : "" };
}

function columnsOf(asked: Asked, question: Question, path: string, value: Json): ControlView[] {
  const known = partsOf(value);
  return (question.columns ?? []).map((column) =>
    control(asked, column, path, known[column.name] ?? null, column.name),
  );
}

/** A list's items, then those that were only begun. */
function entries(asked: Asked, question: Question): ControlView[] {
  const { doc, context } = asked;
  const begun = itemsOf(question, context.fresh ?? {}).filter(
    ([path]) => (doc.fields[path] ?? null) === null,
  );
  return [
    ...itemsOf(question, doc.fields).map(([path, item]) => entry(asked, question, path, item, false)),
    ...begun.map(([path, item]) => entry(asked, question, path, item, true)),
  ];
}

function entry(asked: Asked, question: Question, path: string, item: Json, begun: boolean): ControlView {
  const view = control(asked, question, path, item);
  view.columns = columnsOf(asked, question, path, item);
  view.title = titleOf(asked, question, path, view.columns);
  view.removable = !begun;
  view.has_siblings = view.siblings.length > 0;
  if (begun) view.was = "";
  return view;
}

/** What an item is called: its key where that is a name, else the first word that it must have. */
function titleOf({ words }: Asked, question: Question, path: string, columns: ControlView[]): string {
  const key = path.slice(path.indexOf("/") + 1);
  if (question.keys === "line") return key;
  if (question.keys && question.keys !== "id") return nameOf(words, key);
  const named = columns.filter(({ type }) => ["line", "ref", "choice"].includes(type));
  return (named.find(({ required }) => required) ?? named[0])?.text ?? "";
}

function rowOf(asked: Asked, question: Question, row: { name: string; label: string }): ControlView {
  const path = `${question.name}/${row.name}`;
  const view = control(asked, question, path, asked.doc.fields[path] ?? null);
  view.label = row.label;
  view.has_siblings = view.siblings.length > 0;
  return view;
}
