/** What stands between a record and its submit, in words that say what to do; twin of sync/form_problems.py. */

import { empty, evaluate } from "./cel";
import { applyRelevance, isRequired, itemsOf } from "./form_rules";
import { doubts, isChoice, isDatetime, outOf } from "./form_values";
import type { Json } from "./protocol";
import type { Answers, Form, Level, Question } from "./questions";
import { _, fmt } from "./text";

/** One thing about one answer. Only level `error` stops a submit; `danger` is a warning shown in red. */
export interface Problem {
  field: string;
  code: string;
  level: Level;
  message: string;
  column: string;
}

interface Walk {
  bound: Answers;
  today: string;
  now: number;
  add(field: string, code: string, level: Level, message: string, column?: string): void;
}

/**
 * Everything that a submit checks, in the order of the questions; only those that apply.
 * `today` is the school's date; `now` (ms, or null) is needed for times in the future only.
 */
export function problems(form: Form, answers: Answers, today: string, now: number | null = null): Problem[] {
  const { names, bound } = applyRelevance(form, answers, today);
  const found: Problem[] = [];
  const add: Walk["add"] = (field, code, level, message, column = "") => {
    found.push({ field, code, level, message, column });
  };
  const walk: Walk = { bound, today, now: now ?? Number.POSITIVE_INFINITY, add };
  for (const question of form.questions) {
    if (names.has(question.name)) checkQuestion(walk, question, answers);
  }
  return found;
}

function checkQuestion(walk: Walk, question: Question, answers: Answers): void {
  const { name } = question;
  const value = walk.bound[name] ?? null;
  const blank = empty(value);
  const required = isRequired(question, walk.bound, walk.today);
  if (blank && required && !question.auto) walk.add(name, "required", "error", missing(question));
  if (question.merge === "list") {
    for (const [path, item] of itemsOf(question, answers)) checkParts(walk, question, path, item);
  } else if (question.type === "matrix") {
    checkMatrix(walk, question, required && !blank);
  } else if (question.columns) {
    if (!blank) checkParts(walk, question, name, answers[name] ?? null);
  } else {
    checkOne(walk, question, name, value);
  }
  checkCount(walk, question, value);
  for (const rule of question.warnings ?? []) {
    if (evaluate(rule.when, walk.bound, walk.today) === true) {
      walk.add(name, rule.code ?? "rule", rule.level ?? "warning", rule.message);
    }
  }
}

function missing(question: Question): string {
  const { label } = question;
  if (question.required_message) return question.required_message;
  if (question.type === "choice" || question.type === "bool") return fmt(_("请选“{label}”"), { label });
  if (question.type === "choices") return fmt(_("“{label}”请至少选一样"), { label });
  if (question.merge === "set" || question.merge === "list")
    return fmt(_("“{label}”请至少填一项"), { label });
  return fmt(_("请填“{label}”"), { label });
}

/** An unanswered matrix was reported as a whole; a begun one says how many rows are left. */
function checkMatrix(walk: Walk, question: Question, begun: boolean): void {
  const cells = Object.entries(walk.bound[question.name] as Record<string, Json>);
  const left = cells.filter(([, value]) => value === null).length;
  if (left && begun) {
    const text = fmt(_("“{label}”还有{n}项没填"), { label: question.label, n: left });
    walk.add(question.name, "required", "error", text);
  }
  for (const [row, value] of cells) checkOne(walk, question, `${question.name}/${row}`, value);
}

/** The columns of an item or a group. */
function checkParts(walk: Walk, question: Question, path: string, value: Json): void {
  const known = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  for (const column of question.columns ?? []) {
    const part = known[column.name] ?? null;
    if (column.required === true && empty(part))
      walk.add(path, "required", "error", missing(column), column.name);
    checkOne(walk, column, path, part, column.name);
  }
}

function checkCount(walk: Walk, question: Question, value: Json): void {
  const { label, name, min_items: least, max_items: most } = question;
  if ((question.merge !== "set" && question.merge !== "list") || !Array.isArray(value) || !value.length)
    return;
  if (least !== undefined && value.length < least) {
    walk.add(name, "too_few", "error", fmt(_("“{label}”至少要{n}项"), { label, n: least }));
  }
  if (most !== undefined && value.length > most) {
    walk.add(name, "too_many", "error", fmt(_("“{label}”最多{n}项，请删掉几项"), { label, n: most }));
  }
}

/** One scalar, text or set of the right type. */
function checkOne(walk: Walk, question: Question, path: string, value: Json, column = ""): void {
  if (empty(value)) return;
  if (Array.isArray(value) && ["choices", "refs", "tags"].includes(question.type)) {
    checkChoices(walk, question, path, value as string[]);
    return;
  }
  for (const code of doubts(question, value)) {
    if (code === "out_of_range") checkRange(walk, question, path, value as number, column);
    else walk.add(path, code, code === "too_long" ? "error" : "warning", doubt(question, code), column);
  }
  const { ahead_minutes: ahead, label } = question;
  if (ahead !== undefined && isDatetime(value) && Date.parse(value) > walk.now + ahead * 60_000) {
    walk.add(path, "ahead", "warning", fmt(_("“{label}”比现在还晚，请核对"), { label }), column);
  }
}

function checkChoices(walk: Walk, question: Question, path: string, chosen: string[]): void {
  if (question.type === "choices" && !chosen.every((name) => isChoice(question, name))) {
    walk.add(path, "unknown_choice", "warning", doubt(question, "unknown_choice"));
  }
  const alone = question.choices?.find((choice) => choice.exclusive && chosen.includes(choice.name));
  if (alone && chosen.length > 1) {
    const text = fmt(_("“{choice}”不能和别的一起选，请去掉一样"), { choice: alone.label });
    walk.add(path, "exclusive", "error", text);
  }
}

function doubt(question: Question, code: string): string {
  if (code === "too_long") {
    return fmt(_("“{label}”太长了，请删到{n}字以内"), { label: question.label, n: question.max_length ?? 0 });
  }
  if (code === "bad_format") return _("号码应是11位手机号，或区号加7到8位，请核对");
  return _("选的这一项在这张表里没有了，请重选");
}

/** A hard bound is an error; a soft one a warning, red where its limit says danger. */
function checkRange(walk: Walk, question: Question, path: string, value: number, column: string): void {
  if (outOf(value, question.min, question.max)) {
    walk.add(path, "out_of_range", "error", boundsText(question), column);
    return;
  }
  const level = question.limit?.level === "danger" ? "danger" : "warning";
  walk.add(path, "out_of_range", level, limitText(question, value), column);
}

/** What a number may be: 请填0到300之间的数. */
export function boundsText({ min: low, max: high }: Question): string {
  if (low !== undefined && high !== undefined) return fmt(_("请填{low}到{high}之间的数"), { low, high });
  if (low !== undefined) return fmt(_("请填不小于{low}的数"), { low });
  return fmt(_("请填不大于{high}的数"), { high: high ?? 0 });
}

/** What is wrong with a reading, and what to do: 低于70℃，请回锅再量. */
export function limitText(question: Question, value: number): string {
  const { soft_min: low, soft_max: high, unit = "", limit } = question;
  const text =
    low !== undefined && value < low
      ? fmt(unit === "℃" ? _("低于{n}{unit}") : _("少于{n}{unit}"), { n: low, unit })
      : fmt(_("超过{n}{unit}"), { n: high ?? 0, unit });
  return [text, limit?.word].filter(Boolean).join(_("，"));
}
