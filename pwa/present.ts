/** A form and its answers as flat data that a template only prints; twin of sync/present.py. */

import { empty, evaluate } from "./cel";
import { type Problem, problems } from "./form_problems";
import { applyRelevance } from "./form_rules";
import type { Asked, ControlView } from "./present_control";
import { presentQuestion } from "./present_question";
import type { Json, Sibling } from "./protocol";
import type { Answers, Form, Question, Section } from "./questions";
import { _, fmt } from "./text";
import { labelOf, type Words } from "./value_text";

/** What is shown of a doc; a pulled doc is one. */
export interface DocLike {
  fields: Answers;
  siblings?: Record<string, Sibling[]>;
  stamps?: Record<string, { by?: string; at?: string | null }>;
}

export interface Returned {
  reason?: string;
  fields?: string[] | Record<string, string>;
  by?: string;
  at?: string;
}

/** What a form is shown with; each key is told in sync/present.py. */
export interface Context {
  today: string;
  base?: number;
  now?: Date | number | null;
  offset?: string;
  section?: string | null;
  readonly?: boolean;
  submitting?: boolean;
  last?: { fields: Answers; at?: string } | null;
  returned?: Returned | null;
  names?: Record<string, string>;
  options?: Record<string, { name: string; label: string }[]>;
  fresh?: Record<string, Json>;
  hidden?: string[];
  decide?: string;
}

export interface SectionView {
  name: string;
  title: string;
  private: boolean;
  state: "done" | "here" | "todo";
  questions: ControlView[];
}

export interface ProblemView {
  path: string;
  root: string;
  section: string;
  message: string;
}

export interface FormView {
  title: string;
  form: string;
  sections: SectionView[];
  section: string;
  section_title: string;
  private: boolean;
  questions: ControlView[];
  stops: { name: string; title: string; state: string; sub: string }[];
  stops_text: string;
  previous: string;
  next: string;
  next_title: string;
  skipped: number;
  skipped_at: string;
  skipped_title: string;
  skipped_text: string;
  problems: ProblemView[];
  problem_count: number;
  complete: boolean;
  alarms: string[];
}

/** Types that a record begins with (when, who): they do not make a section one that somebody has been to. */
const GIVEN = ["datetime", "refs"];

const ONLY: Section = { name: "", title: "" };

/** The whole form: its sections with their questions, where one stands, what is wrong, what fell away. */
export function present(form: Form, doc: DocLike, context: Context): FormView {
  const { names, bound } = applyRelevance(form, doc.fields, context.today);
  const found = problems(form, doc.fields, context.today, context.now ? Number(context.now) : null);
  const words: Words = {
    today: context.today,
    offset: context.offset ?? "+08:00",
    names: context.names ?? {},
  };
  const asked: Asked = { doc, context, words, problems: found, bound };
  const shown = form.questions.filter((each) => isShown(each, names, context));
  const places = new Map(shown.map((each) => [each.name, placeOf(each, bound, context)]));
  const sections: SectionView[] = [];
  for (const section of form.sections?.length ? form.sections : [ONLY]) {
    const mine = shown.filter((each) => [section.name, ""].includes(places.get(each.name) ?? ""));
    if (!mine.length) continue;
    const questions = mine.map((each) => presentQuestion(asked, each));
    const title = section.title || form.title;
    sections.push({ name: section.name, title, private: section.private ?? false, state: "todo", questions });
  }
  numberReturned(sections);
  const errors = found.filter((each) => each.level === "error").flatMap((each) => problemView(each, places));
  return {
    title: form.title,
    form: form.name,
    sections,
    ...where(sections, context, errors, bound),
    ...skipped(form, doc.fields, names, bound, context),
    problems: errors,
    problem_count: context.submitting ? errors.length : 0,
    complete: errors.length === 0,
    alarms: alarms(form, bound, found),
  };
}

function isShown(question: Question, names: Set<string>, context: Context): boolean {
  if (!names.has(question.name) || context.hidden?.includes(question.name)) return false;
  return !question.auto || question.compute !== undefined;
}

/** The section where a question is shown now. */
function placeOf({ moves, section = "" }: Question, bound: Answers, context: Context): string {
  const moved = moves && !context.readonly && evaluate(moves.when, bound, context.today) === true;
  return moved ? moves.to : section;
}

function problemView(problem: Problem, places: Map<string, string>): ProblemView[] {
  const root = problem.field.split("/")[0] ?? "";
  const section = places.get(root);
  return section === undefined ? [] : [{ path: problem.field, root, section, message: problem.message }];
}

/** 第1处, 第2处 … over the whole form, in its order. */
function numberReturned(sections: SectionView[]): void {
  const marked = sections.flatMap((section) => section.questions).filter((view) => view.note);
  for (const [index, view] of marked.entries()) view.position = fmt(_("第{n}处"), { n: index + 1 });
}

/** The section in hand, its neighbours, and the trail of stops. */
function where(sections: SectionView[], context: Context, errors: ProblemView[], bound: Answers) {
  const wanted = sections.findIndex((section) => section.name === context.section);
  const here = Math.max(wanted, 0);
  const open = new Set(errors.map((error) => error.section));
  for (const [index, section] of sections.entries()) {
    const asked = section.questions.filter(({ type }) => !GIVEN.includes(type));
    const answered = asked.some((view) => !empty(bound[view.name]));
    section.state = index === here ? "here" : answered && !open.has(section.name) ? "done" : "todo";
  }
  const stops = sections
    .filter((section) => !section.private)
    .map(({ name, title, state }) => ({ name, title, state, sub: "" }));
  const now = sections[here];
  const following = sections[here + 1];
  const many = stops.length > 1;
  return {
    section: now?.name ?? "",
    section_title: now?.title ?? "",
    private: now?.private ?? false,
    questions: now?.questions ?? [],
    stops: many ? stops : [],
    stops_text: many && now && !now.private ? `${here + 1}/${stops.length} ${now.title}` : "",
    previous: here ? (sections[here - 1]?.name ?? "") : "",
    next: following?.name ?? "",
    next_title: following?.title ?? "",
  };
}

/** How many questions fell away because of an answer to a gate, and because of which. */
function skipped(form: Form, fields: Answers, names: Set<string>, bound: Answers, context: Context) {
  for (const gate of form.questions) {
    const answer = bound[gate.name] ?? null;
    if (!gate.gate || !names.has(gate.name) || empty(answer)) continue;
    const without = applyRelevance(form, { ...fields, [gate.name]: null }, context.today).names;
    const n = form.questions.filter(
      (each) => !each.auto && without.has(each.name) && !names.has(each.name),
    ).length;
    if (!n) continue;
    const choice = labelOf(gate, String(answer));
    return {
      skipped: n,
      skipped_at: gate.name,
      skipped_title: fmt(_("选了“{choice}”，后面{n}题不用填。"), { choice, n }),
      skipped_text: _("改选别的，题目会回来，填过的字也还在。"),
    };
  }
  return { skipped: 0, skipped_at: "", skipped_title: "", skipped_text: "" };
}

/** Names of what the urgent branch is offered for: a sealed yes, or a rule marked danger. */
function alarms(form: Form, bound: Answers, found: Problem[]): string[] {
  const sealed = form.questions.filter((each) => each.sealed && bound[each.name] === true);
  const rules = found.filter((each) => each.level === "danger" && each.code !== "out_of_range");
  return [...sealed.map((each) => each.name), ...rules.map((each) => each.code)];
}
