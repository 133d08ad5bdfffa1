/** 今天: what is due, what waits to be sent, what needs somebody. */
import { dayText, isoDay, readDate, weekdayText } from "../clock";
import { type Context, page, type Route, redirect, schoolNow } from "../context";
import { keeperOf } from "../enter";
import { nightOf } from "../filling";
import { leaseWords } from "../lease";
import { apart, type Me, needs, standing } from "../me";
import type { SyncNote } from "../records";
import { standOf } from "../stand";
import { warning } from "../storage";
import { _, fmt } from "../text";
import type { Snapshot, View } from "../vault";
import { wipedWords } from "../wiped";
import { dueWords, mealWord, placeOf } from "../words";

/** How far ahead a duty is shown, in days. */
const AHEAD = 14;

async function show(c: Context): Promise<Response> {
  const now = schoolNow(c);
  const duties = c.me.sees.visits ? dueDuties(c.snap, c.me, now) : [];
  const rounds = c.me.sees.dorm ? roundsOf(c.snap, c.me, now) : [];
  const meals = c.me.sees.meals ? mealsOf(c.snap, c.me, now) : [];
  return page(c, "app/today.html", {
    date: dayText(now),
    weekday: weekdayText(now),
    stand: await standHere(c),
    wiped: wipedWords(c.card, c.env.now()),
    villages: byVillage(duties),
    due_text: duties.length > 0 ? fmt(_("到期{n}户"), { n: duties.length }) : "",
    rounds,
    meals,
    visits: c.me.sees.visits,
    nothing: nothing(c, duties.length + rounds.length + meals.length),
  });
}

/** Why there is nothing to do, for who would have looked for it here. */
function nothing(c: Context, tasks: number): string {
  if (tasks > 0) return "";
  if (c.snap.core.cursor === null) return _("名单还没有放进手机");
  if (c.me.sees.visits) return _("这两周没有到期的走访");
  if (c.me.sees.dorm) return _("手机里还没有宿舍楼");
  return c.me.sees.meals ? _("这几天还没有排好的餐") : _("今天没有要办的");
}

/** The notice that the store was wiped has been read. */
async function read(c: Context): Promise<Response> {
  await c.env.device.changeCard(c.card.id, { wiped: null });
  return redirect(c, "/app/");
}

async function stand(c: Context): Promise<Response> {
  return page(c, "app/_stand.html", { stand: await standHere(c) });
}

/** The upper region: signal, what waits, what needs somebody. */
export async function standHere(c: Context): Promise<object> {
  const unsent = c.snap.unsentDocs.length;
  const note = await c.vault.shelf.note<SyncNote>("sync");
  const needing = apart(c.snap, c.me);
  const room = (await c.env.space?.()) ?? null;
  return {
    warning: warning(room, c.snap, c.env.now()),
    lease: leaseWords(await keeperOf(c).of(c.card.user), c.env.now().getTime()),
    ...standOf(note, unsent, c.env.online(), c.env.now()),
    unsent,
    unsent_note: unsent > 0 ? _("都在本机") : _("没有等着的"),
    apart: needing.length,
    apart_note: apartNote(needing),
  };
}

function apartNote(needing: View[]): string {
  if (needing.length === 0) return _("没有");
  const why = new Set(needing.map(needs));
  if (why.has("held")) return _("未接收");
  const words = [why.has("returned") ? _("被退回") : "", why.has("conflict") ? _("要您定") : ""];
  return words.filter(Boolean).join("，");
}

interface DueRow {
  url: string;
  name: string;
  place: string;
  village: string;
  due: string;
  late: boolean;
  sort: number;
}

/** Open duties of this person that are due soon or already, the earliest first. */
function dueDuties(snap: Snapshot, me: Me, now: Date): DueRow[] {
  const rows: DueRow[] = [];
  for (const duty of snap.views("duty")) {
    const due = readDate(duty.fields.due);
    if (duty.state !== "open" || duty.fields.assignee !== me.id || !due) continue;
    if (due.getTime() - now.getTime() > AHEAD * 86_400_000) continue;
    for (const id of Array.isArray(duty.fields.students) ? duty.fields.students : []) {
      const student = typeof id === "string" ? snap.view(id) : undefined;
      if (student && !hasMet(snap, student.id, duty)) rows.push(dueRow(snap, student, due, now));
    }
  }
  return rows.sort((a, b) => a.sort - b.sort);
}

/** Whether a visit that is finished on this phone is already about this pupil and not older than the duty. */
function hasMet(snap: Snapshot, student: string, duty: View): boolean {
  const from = String(duty.fields.window_from ?? "");
  return snap.views("visit").some((visit) => {
    const about = Array.isArray(visit.meta.students) && visit.meta.students.includes(student);
    const seen = ["met_guardian", "pupil_only"].includes(String(visit.fields.result));
    const waits = visit.pending.some(({ op }) => op.event === "submit");
    return (
      about &&
      seen &&
      waits &&
      visit.form === duty.fields.form &&
      String(visit.fields.occurred_at ?? from) >= from
    );
  });
}

function dueRow(snap: Snapshot, student: View, due: Date, now: Date): DueRow {
  const household =
    typeof student.fields.household === "string" ? snap.view(student.fields.household) : undefined;
  const words = dueWords(due, now);
  return {
    url: `/app/pupils/${student.id}`,
    name: String(student.fields.name ?? ""),
    place: placeOf(household).short,
    village: String(household?.fields.village ?? ""),
    due: words.text,
    late: words.late,
    sort: due.getTime(),
  };
}

function byVillage(rows: DueRow[]): { name: string; count: string; rows: DueRow[] }[] {
  const villages = new Map<string, DueRow[]>();
  for (const row of rows) {
    const name = row.village || _("还没有住址");
    villages.set(name, [...(villages.get(name) ?? []), row]);
  }
  return [...villages].map(([name, list]) => ({
    name,
    count: fmt(_("{n}户"), { n: list.length }),
    rows: list,
  }));
}

/** Tonight's round of each of the supervisor's buildings; without one, of all. */
function roundsOf(snap: Snapshot, me: Me, now: Date): object[] {
  const night = nightOf(now);
  const all = snap.views("building");
  const own = all.filter(({ id }) => me.buildings.includes(id));
  const list = (own.length > 0 ? own : all).sort((a, b) => compare(a, b));
  return list.map((building) => {
    const round = latest(snap, me, (v) => v.meta.building === building.id && v.meta.night === night);
    return {
      url: round ? place(round) : `/app/new/night_round?building=${building.id}`,
      name: String(building.fields.name ?? ""),
      sub: roomsText(building),
      state: round ? standing(round) : "",
      todo: !round,
    };
  });
}

function roomsText(building: View): string {
  const rooms = Object.keys(building.fields).filter((path) => path.startsWith("rooms/")).length;
  return rooms > 0 ? fmt(_("{n}间"), { n: rooms }) : "";
}

/** How long a meal of the past is still offered, in days, when none is coming. */
const BEHIND = 7;

/** Today's meals, else those of the next day that has any, else of the last. */
function mealsOf(snap: Snapshot, me: Me, now: Date): object[] {
  const today = isoDay(now);
  const form = me.roles.includes("general_affairs") ? "meal_audit_a" : "meal_audit_b";
  const oldest = isoDay(new Date(now.getTime() - BEHIND * 86_400_000));
  const all = snap.views("meal").filter((meal) => String(meal.fields.date ?? "") >= oldest);
  const days = all.map((meal) => String(meal.fields.date)).sort();
  const day = days.find((one) => one >= today) ?? days[days.length - 1];
  return all
    .filter((meal) => meal.fields.date === day)
    .sort((a, b) => order(a) - order(b))
    .map((meal) => {
      const part = latest(snap, me, (v) => v.meta.meal === meal.id && v.form === form);
      return {
        url: part ? place(part) : `/app/new/${form}?meal=${meal.id}`,
        name: mealWord(meal.fields.sort),
        sub: dishes(meal),
        day: day === today ? "" : dayText(readDate(day) ?? now),
        state: part ? standing(part) : "",
        todo: !part,
      };
    });
}

function order(meal: View): number {
  return ["breakfast", "snack", "lunch", "dinner"].indexOf(String(meal.fields.sort));
}

function dishes(meal: View): string {
  const names = Object.entries(meal.fields)
    .filter(([path]) => path.startsWith("dishes/"))
    .map(([, dish]) => String((dish as { name?: unknown } | null)?.name ?? ""));
  return names.filter(Boolean).join("、");
}

function latest(snap: Snapshot, me: Me, fits: (view: View) => boolean): View | undefined {
  const own = snap
    .views("visit")
    .filter((v) => fits(v) && (v.meta.author ?? me.id) === me.id && v.state !== "void");
  return own.sort((a, b) => (a.id < b.id ? 1 : -1))[0];
}

function place(view: View): string {
  return view.state === "draft" || view.state === "returned"
    ? `/app/fill/${view.id}`
    : `/app/records/${view.id}`;
}

function compare(a: View, b: View): number {
  return String(a.fields.name ?? "").localeCompare(String(b.fields.name ?? ""), "zh-CN", { numeric: true });
}

export const today: Route[] = [
  { method: "GET", pattern: "/app/", handle: show },
  { method: "GET", pattern: "/app/stand", handle: stand },
  { method: "POST", pattern: "/app/wiped", handle: read },
];
