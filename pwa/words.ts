/** What records, pupils and meals are called on the phone's screens. */
import { dayText, readDate, whenText } from "./clock";
import { type Me, needs, standing } from "./me";
import { _, fmt } from "./text";
import type { Snapshot, View } from "./vault";

/** A record's sort in a word or two, as lists say it. */
export function formWord(form: string | null | undefined): string {
  const words: Record<string, string> = {
    home_visit: _("家访"),
    night_round: _("晚点名"),
    meal_audit_a: _("营养餐审核"),
    meal_audit_b: _("营养餐审核"),
  };
  return words[form ?? ""] ?? _("记录");
}

/** A household's place without saying anything twice: "8组 大坪", and with its village before it. */
export function placeOf(household: View | undefined, own: unknown = ""): { short: string; whole: string } {
  const text = (value: unknown) => (typeof value === "string" ? value.trim() : "");
  const village = text(household?.fields.village);
  const group = text(household?.fields.group);
  let rest = text(own) || text(household?.fields.address);
  for (const part of [village, group])
    if (part && rest.startsWith(part)) rest = rest.slice(part.length).trim();
  const short = [group, rest].filter(Boolean).join(" ");
  return { short, whole: [village + group, rest].filter(Boolean).join(" ") };
}

export function mealWord(sort: unknown): string {
  const words: Record<string, string> = {
    breakfast: _("早餐"),
    snack: _("课间加餐"),
    lunch: _("午餐"),
    dinner: _("晚餐"),
  };
  return words[String(sort)] ?? _("一餐");
}

/** The name of a person, pupil or building on this phone; empty where it is not known here. */
export function nameOf(snap: Snapshot, id: unknown): string {
  return typeof id === "string" ? String(snap.view(id)?.fields.name ?? "") : "";
}

/** Whom or what a record is about: "龙䶮", "2号楼 11月20日", "11月20日 午餐". */
export function subject(snap: Snapshot, view: View): string {
  const { students, household, building, night, meal } = view.meta;
  if (Array.isArray(students) && students.length > 0) {
    return (
      students
        .map((id) => nameOf(snap, id))
        .filter(Boolean)
        .join("、") || _("已不在名单的学生")
    );
  }
  if (typeof household === "string") return String(snap.view(household)?.fields.head ?? "");
  if (typeof building === "string") return [nameOf(snap, building), dayOf(night)].filter(Boolean).join(" ");
  const dish = typeof meal === "string" ? snap.view(meal) : undefined;
  return dish ? [dayOf(dish.fields.date), mealWord(dish.fields.sort)].filter(Boolean).join(" ") : "";
}

function dayOf(value: unknown): string {
  const date = readDate(value);
  return date ? dayText(date) : "";
}

/** When a record was made: what its form says, else the moment in its id. */
export function madeAt(view: View): Date {
  return readDate(view.fields.occurred_at) ?? readDate(view.meta.night) ?? new Date(idTime(view.id));
}

/** The moment a UUIDv7 was made, in ms; 0 for other ids. */
export function idTime(id: string): number {
  return id[14] === "7" ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : 0;
}

/** When this phone last changed a record, else when it was made. */
export function touchedAt(view: View): Date {
  const last = view.pending[view.pending.length - 1];
  return readDate(last?.op.at) ?? new Date(idTime(view.id) || madeAt(view).getTime());
}

/** A record in a list. */
export interface Row {
  url: string;
  word: string;
  who: string;
  sub: string;
  state: string;
  day: Date;
}

/** A record as a list shows it; one still to be written leads into its form, any other to what it says. */
export function row(snap: Snapshot, view: View, me: Me, now: Date): Row {
  const state = standing(view);
  const mine = view.meta.author === me.id || !view.meta.author;
  const open = mine && (state === "draft" || state === "returned");
  return {
    url: open ? `/app/fill/${view.id}` : `/app/records/${view.id}`,
    word: formWord(view.form),
    who: subject(snap, view),
    sub: rowNote(view, now),
    state,
    day: state === "draft" || state === "phone" ? touchedAt(view) : madeAt(view),
  };
}

function rowNote(view: View, now: Date): string {
  const need = needs(view);
  if (need === "held") return _("学校那边没有收下，点开看怎么办");
  if (need === "conflict") return _("两个人填得不一样，请您定");
  if (need === "returned") {
    const fields = returnedFields(view).length;
    return fields > 0 ? fmt(_("请补{n}处，其他不用动"), { n: fields }) : returnReason(view);
  }
  const when = whenText(view.state === "draft" ? touchedAt(view) : madeAt(view), now);
  if (view.state === "draft") return fmt(_("{when}改过"), { when });
  return view.fields.result === "nobody_home" ? fmt(_("{when}，未遇"), { when }) : when;
}

/** Paths of the fields that a reviewer marked. */
export function returnedFields(view: View): string[] {
  const fields = (view.notes.returned as { fields?: unknown } | undefined)?.fields;
  if (Array.isArray(fields)) return fields as string[];
  return typeof fields === "object" && fields !== null ? Object.keys(fields) : [];
}

export function returnReason(view: View): string {
  const note = view.notes.returned as { reason?: unknown } | undefined;
  return typeof note?.reason === "string" ? note.reason : "";
}

/** "周日前", "已过3天", "12月5日前" and whether it is late. */
export function dueWords(due: Date, today: Date): { text: string; late: boolean } {
  const day = (date: Date) => Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 86_400_000);
  const left = day(due) - day(today);
  if (left < 0) return { text: fmt(_("已过{n}天"), { n: -left }), late: true };
  if (left === 0) return { text: _("今天"), late: false };
  const names = [_("周日前"), _("周一前"), _("周二前"), _("周三前"), _("周四前"), _("周五前"), _("周六前")];
  const sunday = (7 - today.getDay()) % 7;
  if (left <= sunday) return { text: names[due.getDay()] ?? "", late: false };
  return { text: fmt(_("{date}前"), { date: dayText(due) }), late: false };
}
