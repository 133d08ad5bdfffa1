/** A form on the phone as its template shows it (templates/shared/fill.html): what present() says, and where one is. */
import { dayText, isoDay, readDate, stamp, timeText } from "./clock";
import type { Context } from "./context";
import { beginning, fillUrl, formOf, type Target } from "./filling";
import type { Form } from "./forms";
import { isPrepared, mealFresh, mealNotes } from "./mealview";
import { type DocLike, type FormView, present, type Returned } from "./present";
import type { ControlView } from "./present_control";
import type { Json, Values } from "./protocol";
import { _, fmt } from "./text";
import type { Snapshot, View } from "./vault";
import { madeAt, nameOf, returnReason, touchedAt } from "./words";

/** How the form is looked at. `fixing`: only what a reviewer marked. `add`: path of an item just begun. */
export interface Mode {
  section: string;
  checking: boolean;
  fixing: boolean;
  add: string;
}

/** A returned record opens with what was asked for; `all` in the address shows the whole. */
export function modeOf(query: URLSearchParams, target: Target, kept: string): Mode {
  const marked = Object.keys(marks(target.view)).length > 0;
  const fixing = target.view?.state === "returned" && marked && !query.get("all");
  return {
    section: fixing ? "" : query.get("s") || kept,
    checking: Boolean(query.get("check")),
    fixing,
    add: query.get("add") ?? "",
  };
}

/** What a reviewer asks for, by path; a mark without words has an empty note. */
export function marks(view: View | undefined): Record<string, string> {
  const fields = (view?.notes.returned as { fields?: unknown } | undefined)?.fields;
  if (Array.isArray(fields)) return Object.fromEntries(fields.map((path) => [String(path), ""]));
  return typeof fields === "object" && fields !== null ? (fields as Record<string, string>) : {};
}

export interface FillView {
  questions: ControlView[];
  problems: FormView["problems"];
  previous_name: string;
  next_name: string;
  last_id: string;
  [more: string]: unknown;
}

/** Everything the form's template prints. `wrong`: words by path for what could not be stored. */
export function form(c: Context, target: Target, mode: Mode, wrong: Record<string, string> = {}): FillView {
  const last = lastVisit(c.snap, target);
  const shown = presented(c, target, {
    section: mode.section,
    submitting: mode.checking,
    last,
    add: mode.add,
  });
  const all = shown.sections.flatMap((section) => section.questions);
  const questions = mode.fixing ? all.filter(({ note }) => note) : shown.questions;
  const fresh = mealFresh(c, target);
  for (const question of questions) {
    tell(question, wrong, signedOff(target.view));
    for (const entry of question.entries) prepare(entry, fresh[entry.path], target.id);
  }
  const query = c.url.searchParams;
  const more = {
    s: mode.fixing ? "" : shown.section,
    all: query.get("all") ?? "",
    check: mode.checking ? "1" : "",
    add: mode.add,
  };
  const here = shown.problems.filter(({ section }) => section === shown.section).length;
  return {
    ...shown,
    ...mealNotes(c, target, shown.section),
    action: fillUrl(target, query, more),
    autosave: fillUrl(target, query, more, "/field"),
    place: target.id,
    section: mode.fixing ? "" : shown.section,
    stops: mode.fixing ? [] : shown.stops,
    questions,
    problem_title: fmt(_("还有{n}处要填"), { n: shown.problem_count }),
    problem_text:
      here > 0 ? _("标红的就是，填好再提交。填过的都在。") : _("这一段没有要补的了，点下面继续。"),
    call_url: shown.alarms.length > 0 ? `/app/call?doc=${target.id}` : "",
    whole_url: mode.fixing ? fillUrl(target, query, { all: "1" }) : "",
    previous: !mode.fixing && shown.previous !== "",
    previous_name: shown.previous,
    next_name: shown.next,
    next_title: mode.fixing || mode.checking ? "" : shown.next_title,
    submit_word: target.view?.state === "returned" ? _("补好了，再提交") : _("提交，存在本机"),
    ...savedLine(target.view),
    returned_text: mode.fixing || target.view?.state === "returned" ? returnedText(c.snap, target.view) : "",
    last_id: last?.id ?? "",
  };
}

/** A question that cannot be stored says why; one that somebody signed for can't be changed any more. */
function tell(question: ControlView, wrong: Record<string, string>, signed: Set<string>): void {
  const parts = [question, ...question.entries, ...question.rows];
  for (const part of parts) if (wrong[part.path]) part.error = wrong[part.path] ?? "";
  if (!signed.has(question.name)) return;
  for (const part of [...parts, ...question.columns, ...question.entries.flatMap(({ columns }) => columns)])
    part.readonly = true;
}

/** A line prepared for a dish asks only for what is measured; the dish is told by its title, and stored with it. */
function prepare(entry: ControlView, given: { [key: string]: Json } | undefined, id: string): void {
  if (!given && !isPrepared(id, entry.path)) return;
  entry.value_json = JSON.stringify(given ?? { dish: entry.title });
  entry.removable = false;
  entry.columns = entry.columns.filter(({ name }) => name !== "dish");
}

function signedOff(view: View | undefined): Set<string> {
  const names = new Set<string>();
  for (const value of Object.values(view?.fields ?? {})) {
    const covers = typeof value === "object" && value !== null && !Array.isArray(value) ? value.covers : null;
    if (typeof covers !== "object" || covers === null) continue;
    for (const path of Array.isArray(covers) ? covers : Object.keys(covers))
      names.add(String(path).split("/")[0] ?? "");
  }
  return names;
}

interface Asked {
  section?: string;
  submitting?: boolean;
  readonly?: boolean;
  last?: View | undefined;
  add?: string;
}

/** Questions that nothing on this phone can answer; they show where another device did. */
const NOT_YET = ["place", "photos"];

/** A record that is read may be read over one's shoulder: the sealed question is not in it. */
function hidden(definition: Form, fields: Values, readonly: boolean): string[] {
  const unasked = NOT_YET.filter((name) => !Object.keys(fields).some((path) => path.split("/")[0] === name));
  const sealed = definition.questions.filter((question) => question.sealed).map(({ name }) => name);
  return readonly ? [...unasked, ...sealed] : unasked;
}

/** The form with its answers, in the school's words. */
export function presented(c: Context, target: Target, asked: Asked): FormView {
  const { view } = target;
  const now = new Date(c.env.now().getTime() + c.snap.core.skew);
  const fields = view?.fields ?? beginning(c, target.form);
  const doc = { fields, siblings: view?.siblings ?? {}, stamps: stampsOf(view, c.me.id) };
  return present(target.form, doc, {
    today: isoDay(now),
    now: now.getTime(),
    base: view?.base ?? 0,
    section: asked.section || null,
    readonly: asked.readonly ?? false,
    submitting: asked.submitting ?? false,
    last: asked.last ? { fields: asked.last.fields, at: stamp(madeAt(asked.last)) } : null,
    returned: (view?.state === "returned" ? view.notes.returned : null) as Returned | null,
    names: names(c.snap),
    options: { person: colleagues(c), student: pupils(c, target) },
    fresh: { ...mealFresh(c, target), ...(asked.add ? { [asked.add]: {} } : {}) },
    hidden: hidden(target.form, fields, asked.readonly ?? false),
    decide: `/app/decide/${target.id}/`,
  });
}

/** Who entered the value that is shown where another waits beside it, and when. */
function stampsOf(view: View | undefined, me: string): NonNullable<DocLike["stamps"]> {
  const stamps = { ...(view?.notes.shown as unknown as DocLike["stamps"]) };
  for (const { op } of view?.pending ?? [])
    for (const path of Object.keys(op.set ?? {})) if (stamps[path]) stamps[path] = { by: me, at: op.at };
  return stamps;
}

/** A finished record, read-only. */
export function recordOf(c: Context, view: View): FormView | null {
  const definition = view.form ? formOf(c.snap, view.form, view.form_version) : null;
  if (!definition) return null;
  const target = { id: view.id, form: definition, view, meta: view.meta };
  return presented(c, target, { readonly: true, last: lastVisit(c.snap, target) });
}

function names(snap: Snapshot): Record<string, string> {
  const known = [...snap.views("person"), ...snap.views("student")];
  return Object.fromEntries(known.map(({ id, fields }) => [id, String(fields.name ?? "")]));
}

/** Everybody who may have come along, oneself first. */
function colleagues(c: Context): { name: string; label: string }[] {
  const all = c.snap.views("person").map(({ id, fields }) => ({
    name: id,
    label: [String(fields.name ?? ""), String(fields.post ?? "")].filter(Boolean).join(" "),
  }));
  return all.sort(
    (a, b) =>
      Number(b.name === c.me.id) - Number(a.name === c.me.id) || a.label.localeCompare(b.label, "zh-CN"),
  );
}

/** Pupils that the record can name: those of its building, else all on this phone. */
function pupils(c: Context, target: Target): { name: string; label: string }[] {
  const building = c.snap.view(String(target.meta.building ?? ""));
  const beds = Object.values(building?.fields ?? {}).flatMap((room) => {
    const list = typeof room === "object" && room !== null && !Array.isArray(room) ? room.beds : null;
    return (Array.isArray(list) ? list : []) as { student?: string }[];
  });
  const inside = new Set(beds.map(({ student }) => student));
  const all = c.snap.views("student").filter(({ id }) => inside.size === 0 || inside.has(id));
  return all.map(({ id, fields }) => ({ name: id, label: String(fields.name ?? "") }));
}

/** The latest finished record of the same form about the same pupils: what stands beside as 上次. */
export function lastVisit(snap: Snapshot, target: Target): View | undefined {
  const { students } = target.meta;
  if (!Array.isArray(students) || students.length === 0) return undefined;
  const about = snap.views("visit").filter((view) => {
    const same =
      view.form === target.form.name &&
      view.id !== target.id &&
      view.state !== "draft" &&
      view.state !== "void";
    return (
      same && Array.isArray(view.meta.students) && view.meta.students.some((id) => students.includes(id))
    );
  });
  const now = target.view ? madeAt(target.view).getTime() : Number.POSITIVE_INFINITY;
  const before = about.filter((view) => madeAt(view).getTime() <= now);
  return before.sort((a, b) => madeAt(b).getTime() - madeAt(a).getTime())[0];
}

function savedLine(view: View | undefined): { saved_text: string; saved_icon: string } {
  if (!view) return { saved_text: _("还没有填"), saved_icon: "" };
  if (view.pending.length === 0) return { saved_text: _("已存本机，也传到学校了"), saved_icon: "sent" };
  return { saved_text: fmt(_("已存本机 {time}"), { time: timeText(touchedAt(view)) }), saved_icon: "device" };
}

function returnedText(snap: Snapshot, view: View | undefined): string {
  const note = view?.notes.returned as { by?: unknown; until?: unknown } | undefined;
  const who = nameOf(snap, note?.by) || _("学校");
  const count = Object.keys(marks(view)).length;
  const until = readDate(note?.until);
  const asked =
    count > 0 ? fmt(_("{who}退回，请补{n}处，其他不用动"), { who, n: count }) : fmt(_("{who}退回"), { who });
  const reason = view ? returnReason(view) : "";
  const when = until ? fmt(_("请在{date}前补好"), { date: dayText(until) }) : "";
  return [asked, reason, when].filter(Boolean).join("。");
}
