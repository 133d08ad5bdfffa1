/** The urgent card: whom to call, nearest first. It works without a signal, and a tap on a number is noted. */
import { stamp } from "../clock";
import { type Context, notFound, page, type Route, redirect } from "../context";
import { save, targetOf } from "../filling";
import type { Change } from "../posted";
import type { Json } from "../protocol";
import { type Room, roomsOf, roundOf, withBeds } from "../roundview";
import { _, fmt } from "../text";
import type { View } from "../vault";
import { nameOf } from "../words";
import { masked } from "./pupil";

interface Callee {
  who: string;
  tel: string;
  masked: string;
}

function callee(who: string, phone: unknown): Callee {
  const tel = typeof phone === "string" ? phone.replace(/[^\d+]/g, "") : "";
  return { who: who.trim(), tel, masked: masked(tel) };
}

/** Guardians of a pupil as far as this phone knows them. */
function guardians(c: Context, student: View): Callee[] {
  const household = c.snap.view(String(student.fields.household ?? ""));
  const items = Object.entries(household?.fields ?? {}).filter(([path]) => path.startsWith("guardians/"));
  const found = items.map(([, value]) => {
    const { name, relation, phone } = (value ?? {}) as Record<string, Json>;
    return callee(
      fmt(_("监护人 {name} {relation}"), { name: String(name ?? ""), relation: String(relation ?? "") }),
      phone,
    );
  });
  return found.length > 0 ? found : [callee(_("监护人"), student.fields.phone)];
}

/** Colleagues with one of these roles; those with a number first, three at most. */
function colleagues(c: Context, word: string, fits: (person: View) => boolean): Callee[] {
  const people = c.snap.views("person").filter((person) => person.id !== c.me.id && fits(person));
  const all = people.map((person) =>
    callee(`${word} ${String(person.fields.name ?? "")}`, person.fields.phone),
  );
  return all.sort((a, b) => Number(Boolean(b.tel)) - Number(Boolean(a.tel))).slice(0, 3);
}

function has(person: View, field: string, value: unknown): boolean {
  const list = person.fields[field];
  return Array.isArray(list) && list.includes(value as Json);
}

function people(c: Context, student: View | undefined): Callee[] {
  const own = student ? guardians(c, student) : [];
  const teachers = student?.fields.class
    ? colleagues(
        c,
        _("班主任"),
        (p) => has(p, "roles", "class_teacher") && has(p, "classes", student.fields.class),
      )
    : [];
  return [...own, ...teachers, ...colleagues(c, _("校长"), (p) => has(p, "roles", "principal"))];
}

async function show(c: Context): Promise<Response> {
  const id = c.url.searchParams.get("doc") ?? "";
  const student = c.snap.view(c.url.searchParams.get("student") ?? "");
  const view = c.snap.view(id);
  const missing = view?.form === "night_round" && student;
  const query = `doc=${encodeURIComponent(id)}&student=${encodeURIComponent(student?.id ?? "")}`;
  const call = {
    title: missing ? fmt(_("{name}不在，去向不明"), { name: nameOf(c.snap, student.id) }) : _("可以打的电话"),
    place:
      view && missing
        ? fmt(_("{place} 晚点名"), { place: placeOf(c.snap.view(String(view.meta.building)), student) })
        : "",
    rule: missing ? _("15分钟还找不到，报值班领导和校长") : _("孩子有危险，先报警。不用先问谁。"),
    people: missing ? people(c, student) : colleagues(c, _("校长"), (p) => has(p, "roles", "principal")),
    note: missing ? _("拨打的时间会记下来") : _("这一页只有您看得到，经过另行封存"),
    log_url: missing ? `/app/call/log?${query}` : "",
    back: view ? `/app/fill/${view.id}` : "/app/",
    found_url: missing ? `/app/call/found?${query}` : "",
  };
  return page(c, "app/call.html", { call });
}

/** Where the pupil sleeps: "1号楼 101室". */
function placeOf(building: View | undefined, student: View): string {
  const room = sleepsIn(building, student);
  const number = room ? fmt(_("{room}室"), { room: room.number }) : "";
  return [String(building?.fields.name ?? ""), number].filter(Boolean).join(" ");
}

function sleepsIn(building: View | undefined, student: View): Room | undefined {
  return roomsOf(building).find(({ beds }) => beds.some((bed) => bed.student === student.id));
}

/** Notes when somebody was called about a missing pupil. */
async function log(c: Context): Promise<Response> {
  const target = targetOf(c, c.url.searchParams.get("doc") ?? "");
  const path = `absent/${c.url.searchParams.get("student")}`;
  const item = target?.view?.fields[path];
  if (!target?.view || !item || typeof item !== "object" || Array.isArray(item)) return notFound(c);
  const value = { ...item, contacted_at: stamp(c.env.now()) };
  await save(c, target, [{ path, base: target.view.base, value }]);
  return new Response(null, { status: 204 });
}

/** The pupil was found: present again, and the room's line follows. */
async function found(c: Context): Promise<Response> {
  const target = targetOf(c, c.url.searchParams.get("doc") ?? "");
  const student = c.snap.view(c.url.searchParams.get("student") ?? "");
  const round = target?.view && roundOf(c, target);
  if (!round || !student) return notFound(c);
  const base = target.view?.base ?? 0;
  const gone: Change = { path: `absent/${student.id}`, base, value: null };
  const room = sleepsIn(round.building, student);
  await save(c, target, room ? withBeds(round, room, [gone], base) : [gone]);
  return redirect(c, `/app/fill/${target.id}?s=round`);
}

export const call: Route[] = [
  { method: "GET", pattern: "/app/call", handle: show },
  { method: "POST", pattern: "/app/call/log", handle: log },
  { method: "POST", pattern: "/app/call/found", handle: found },
];
