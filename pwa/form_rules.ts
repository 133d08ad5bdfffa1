/** Which questions apply, and the answers as expressions see them; twin of sync/form_rules.py. */

import { evaluate } from "./cel";
import type { Json } from "./protocol";
import type { Answers, Form, Question } from "./questions";

/** The paths and values of a list's items in the order of their ids: as they were made. */
export function itemsOf(question: Question, answers: Answers): [string, Json][] {
  const start = `${question.name}/`;
  return Object.entries(answers)
    .filter(([path, item]) => path.startsWith(start) && item !== null)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function parts(question: Question, value: Json | undefined): Record<string, Json> {
  const known = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  return Object.fromEntries((question.columns ?? []).map(({ name }) => [name, known[name] ?? null]));
}

/** An answer as expressions see it: null, or empty of its shape, where nothing was answered. */
export function boundValue(question: Question, answers: Answers): Json {
  const value = answers[question.name];
  if (question.merge === "list") return itemsOf(question, answers).map(([, item]) => parts(question, item));
  if (question.type === "matrix") {
    const rows = question.rows ?? [];
    return Object.fromEntries(rows.map(({ name }) => [name, answers[`${question.name}/${name}`] ?? null]));
  }
  if (question.merge === "set") return value ?? [];
  return question.columns ? parts(question, value) : (value ?? null);
}

/** The names of the questions that apply, and all answers bound; what does not apply is unanswered. */
export function applyRelevance(
  form: Form,
  answers: Answers,
  today: string,
): { names: Set<string>; bound: Answers } {
  const bound: Answers = Object.fromEntries(
    form.questions.map((each) => [each.name, boundValue(each, answers)]),
  );
  const names = new Set<string>();
  for (const question of form.questions) {
    if (question.relevant && evaluate(question.relevant, bound, today) === false) {
      bound[question.name] = boundValue(question, {});
    } else {
      names.add(question.name);
    }
  }
  return { names, bound };
}

/** Whether a question that applies must be answered. */
export function isRequired(question: Question, bound: Answers, today: string): boolean {
  const { required = false } = question;
  return typeof required === "boolean" ? required : evaluate(required, bound, today) === true;
}
