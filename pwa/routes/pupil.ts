/** One pupil: whom to call, this term's visits, what was found last, the records. */
import { daysBetween, dayText, readDate } from "../clock";
import { type Context, notFound, page, type Route } from "../context";
import { standing } from "../me";
import { _, fmt } from "../text";
import type { Snapshot, View } from "../vault";
import { dueWords, madeAt, nameOf, placeOf, row } from "../words";
import { household, text } from "./pupils";

async function one(c: Context): Promise<Response> {
  const student = c.snap.view(c.params.id ?? "");
  if (student?.kind !== "student") return notFound(c);
  const visits = visitsOf(c.snap, student.id);
  return page(c, "app/pupil.html", {
    id: student.id,
    visits: c.me.sees.visits,
    name: text(student.fields.name),
    pinyin: spoken(student),
    bits: bits(student, c.env.now()),
    alert: text(student.fields.alert),
    guardians: guardians(c.snap, student),
    address: placeOf(household(c.snap, student), student.fields.address).whole,
    trail: trail(c, student, visits),
    last: lastFacts(c.snap, visits),
    records: visits.map((view) => row(c.snap, view, c.me, c.env.now())),
    draft: visits.find((view) => view.form === "home_visit" && standing(view) === "draft")?.id ?? "",
  });
}

/** Visits about this pupil, the latest first. */
function visitsOf(snap: Snapshot, id: string): View[] {
  const about = snap
    .views("visit")
    .filter(({ meta }) => Array.isArray(meta.students) && meta.students.includes(id));
  return about
    .filter(({ state }) => state !== "void")
    .sort((a, b) => madeAt(b).getTime() - madeAt(a).getTime());
}

function bits(student: View, now: Date): string[] {
  const { fields } = student;
  const sexes: Record<string, string> = { male: _("男"), female: _("女") };
  const birth = readDate(fields.birth);
  const bed = text(fields.room);
  return [text(fields.class), sexes[text(fields.sex)] ?? "", birth ? age(birth, now) : "", bed].filter(
    Boolean,
  );
}

function age(birth: Date, now: Date): string {
  const before = now.getMonth() - birth.getMonth() || now.getDate() - birth.getDate();
  return fmt(_("{n}岁"), { n: now.getFullYear() - birth.getFullYear() - (before < 0 ? 1 : 0) });
}

interface Guardian {
  name: string;
  relation: string;
  masked: string;
  tel: string;
}

function guardians(snap: Snapshot, student: View): Guardian[] {
  const items = Object.entries(household(snap, student)?.fields ?? {}).filter(([path]) =>
    path.startsWith("guardians/"),
  );
  const found = items.map(([, item]) => {
    const { name, relation, phone } = (item ?? {}) as Record<string, unknown>;
    const tel = text(phone).replace(/[^\d+]/g, "");
    return { name: text(name), relation: text(relation), masked: masked(tel), tel };
  });
  const own = text(student.fields.phone).replace(/[^\d+]/g, "");
  if (own && !found.some(({ tel }) => tel === own)) {
    found.push({ name: _("家里电话"), relation: "", masked: masked(own), tel: own });
  }
  return found;
}

/** "138****1234"; a short number keeps its last four. */
export function masked(tel: string): string {
  if (tel.length < 8) return tel.length > 4 ? `****${tel.slice(-4)}` : tel;
  return `${tel.slice(0, 3)}****${tel.slice(-4)}`;
}

/** This term's visits: those made, and the duty that comes next. */
function trail(c: Context, student: View, visits: View[]): object {
  const now = c.env.now();
  const start = termStart(now);
  const made = visits
    .filter((v) => v.form === "home_visit" && v.state !== "draft" && madeAt(v) >= start)
    .reverse();
  const stops = made.map((view, i) => stop(i, "done", dayText(madeAt(view))));
  const open = c.snap.views("duty").filter(({ state, fields }) => {
    return state === "open" && Array.isArray(fields.students) && fields.students.includes(student.id);
  });
  const dates = open.map(({ fields }) => readDate(fields.due)).filter((date) => date !== null);
  dates.sort((a, b) => a.getTime() - b.getTime());
  for (const [i, date] of dates.entries()) {
    const late = daysBetween(now, date) < 0;
    stops.push(stop(stops.length, late ? "here late" : i === 0 ? "here" : "todo", dayText(date)));
  }
  const next = dates[0];
  const late = next && dueWords(next, now).late;
  const count = made.length + 1;
  return {
    stops: stops.slice(-4),
    flat: fmt(_("本学期走访{n}次"), { n: made.length }),
    late: late && next ? fmt(_("第{n}次{when}，可补访"), { n: count, when: dueWords(next, now).text }) : "",
  };
}

function stop(i: number, state: string, sub: string): { title: string; state: string; sub: string } {
  return { title: fmt(_("第{n}次"), { n: i + 1 }), state, sub };
}

/** The first of September or of February, whichever was last. */
function termStart(now: Date): Date {
  const month = now.getMonth();
  if (month >= 8) return new Date(now.getFullYear(), 8, 1);
  return month >= 1 ? new Date(now.getFullYear(), 1, 1) : new Date(now.getFullYear() - 1, 8, 1);
}

const FACTS = ["carer", "difficulty", "commute", "actions"];

/** What the last finished visit found, in the words of its form. */
function lastFacts(snap: Snapshot, visits: View[]): object {
  const last = visits.find((view) => view.form === "home_visit" && view.state !== "draft");
  if (!last) return { facts: [], by: "" };
  const questions = questionsOf(snap, last);
  const facts = FACTS.map((name) => ({
    label: text(questions.find((q) => q.name === name)?.label),
    text: shown(
      questions.find((q) => q.name === name),
      last.fields[name],
    ),
  }));
  const by = [dayText(madeAt(last)), nameOf(snap, last.meta.author)].filter(Boolean).join(" ");
  return { facts: facts.filter((fact) => fact.label && fact.text), by };
}

interface Plain {
  name?: unknown;
  label?: unknown;
  choices?: { name: string; label: string }[];
}

function questionsOf(snap: Snapshot, view: View): Plain[] {
  for (const form of snap.views("form")) {
    const definition = form.fields.definition as
      | { name?: unknown; version?: unknown; questions?: Plain[] }
      | undefined;
    if (definition?.name === view.form && definition?.version === view.form_version)
      return definition?.questions ?? [];
  }
  return [];
}

function shown(question: Plain | undefined, value: unknown): string {
  const label = (name: unknown) =>
    question?.choices?.find((choice) => choice.name === name)?.label ?? String(name);
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.map(label).join("、") : label(value);
}

/** The pinyin to be read, without the initials that the server puts behind it for searching. */
function spoken(student: View): string {
  const words = text(student.fields.pinyin).split(" ");
  const last = words[words.length - 1] ?? "";
  const initials =
    words.length > 1 && last.length === [...text(student.fields.name).replace(/[·\s]/g, "")].length;
  return (initials ? words.slice(0, -1) : words).join(" ");
}

export const pupil: Route[] = [{ method: "GET", pattern: "/app/pupils/:id", handle: one }];
