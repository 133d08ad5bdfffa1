/** 晚点名: a building's rooms, one after the other. All present is one tap; who is missing is one more each. */
import { timeText } from "../clock";
import { type Context, html, notFound, page, type Route, redirect } from "../context";
import { fillUrl, newId, nightOf, save, type Target, targetOf } from "../filling";
import { isMine } from "../me";
import type { Change } from "../posted";
import type { Json, Values } from "../protocol";
import { _, fmt } from "../text";
import type { View } from "../vault";
import { nameOf, touchedAt } from "../words";

interface Bed {
  bed: string;
  student: string;
}
interface Room {
  number: string;
  beds: Bed[];
}
type Item = { [key: string]: Json };

/** Rooms of the building with somebody in them, in the order of their numbers. */
export function roomsOf(building: View | undefined): Room[] {
  const items = Object.entries(building?.fields ?? {}).filter(([path]) => path.startsWith("rooms/"));
  const rooms = items.map(([path, value]) => {
    const item = (value ?? {}) as Item;
    const beds = (Array.isArray(item.beds) ? item.beds : []) as unknown as Partial<Bed>[];
    const taken = beds
      .filter((bed) => bed.student)
      .map(({ bed, student }) => ({ bed: bed ?? "", student: student ?? "" }));
    return { number: String(item.number ?? path.slice("rooms/".length)), beds: taken };
  });
  const full = rooms.filter(({ beds }) => beds.length > 0);
  return full.sort((a, b) => a.number.localeCompare(b.number, "zh-CN", { numeric: true }));
}

/** Who has leave for that night. */
export function onLeave(c: Context, night: string): Set<string> {
  const leaves = c.snap.views("leave").map(({ fields }) => fields);
  const now = leaves.filter(({ from, until }) => String(from) <= night && night <= String(until ?? from));
  return new Set(now.map(({ student }) => String(student)));
}

/** What the round says of a room so far. */
interface Standing {
  done: boolean;
  due: number;
  present: number;
  absent: string[];
}

function standing(values: Values, room: Room, leave: Set<string>): Standing {
  const due = room.beds.filter(({ student }) => !leave.has(student)).map(({ student }) => student);
  const absent = due.filter((student) => values[`absent/${student}`]);
  const done = values[`rooms/${room.number}`] !== undefined;
  return { done, due: due.length, present: done ? due.length - absent.length : 0, absent };
}

interface Round {
  target: Target;
  building: View;
  rooms: Room[];
  leave: Set<string>;
  values: Values;
}

function roundOf(c: Context): Round | null {
  const target = targetOf(c, c.params.id ?? "");
  const building = c.snap.view(String(target?.meta.building ?? ""));
  if (target?.form.name !== "night_round" || !building) return null;
  const leave = onLeave(c, String(target.meta.night));
  return { target, building, rooms: roomsOf(building), leave, values: target.view?.fields ?? {} };
}

function byName(a: View, b: View): number {
  return String(a.fields.name).localeCompare(String(b.fields.name), "zh-CN", { numeric: true });
}

/** Opens tonight's round of a building, the one begun already if there is one; asks which building if it is not clear. */
export async function openRound(c: Context): Promise<Response> {
  const all = c.snap.views("building").sort(byName);
  const mine = all.filter(({ id }) => c.me.buildings.length === 0 || c.me.buildings.includes(id));
  const wanted = c.url.searchParams.get("building") ?? (mine.length === 1 ? mine[0]?.id : "");
  const night = nightOf(c.env.now());
  if (!wanted) {
    const rows = mine.map(({ id, fields }) => ({
      url: `/app/new/night_round?building=${id}`,
      name: String(fields.name ?? ""),
      sub: fmt(_("{n}间"), { n: roomsOf(c.snap.view(id)).length }),
    }));
    return page(c, "app/buildings.html", { rows });
  }
  const begun = c.snap
    .views("visit")
    .find(
      (view) =>
        view.form === "night_round" &&
        view.meta.building === wanted &&
        view.meta.night === night &&
        isMine(view, c.me),
    );
  if (begun)
    return redirect(c, begun.state === "draft" ? `/app/fill/${begun.id}` : `/app/records/${begun.id}`);
  return redirect(c, `/app/fill/${newId(c)}?form=night_round&building=${wanted}&night=${night}`);
}

/** The page of all rooms, or of one (`room` in the address). */
export async function showRound(c: Context): Promise<Response> {
  const round = roundOf(c);
  if (!round) return notFound(c);
  const number = c.url.searchParams.get("room");
  const room = round.rooms.find((one) => one.number === number);
  return room
    ? page(c, "app/room.html", { room: roomView(c, round, room) })
    : page(c, "app/round.html", { round: roundView(c, round) });
}

function savedText(c: Context, view: View | undefined): string {
  if (!view) return _("晚点名");
  return fmt(_("晚点名，已存本机 {time}"), {
    time: timeText(view.pending.length > 0 ? touchedAt(view) : c.env.now()),
  });
}

function tally(round: Round, rooms: Room[]): { due: number; present: number; absent: number; leave: number } {
  const all = rooms.map((room) => standing(round.values, room, round.leave));
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const beds = rooms.flatMap((room) => room.beds);
  return {
    due: sum(all.map(({ due }) => due)),
    present: sum(all.map(({ present }) => present)),
    absent: sum(all.map(({ absent }) => absent.length)),
    leave: beds.filter(({ student }) => round.leave.has(student)).length,
  };
}

function roundView(c: Context, round: Round): object {
  const { target, rooms, values, leave } = round;
  const url = (more: Record<string, string>) => fillUrl(target, c.url.searchParams, more);
  const cards = rooms.map((room) => {
    const { done, absent, due } = standing(values, room, leave);
    const words =
      absent.length > 0
        ? fmt(_("缺{n}人"), { n: absent.length })
        : done
          ? _("全到")
          : fmt(_("应到{n}"), { n: due });
    const state = absent.length > 0 ? "gone" : done ? "done" : "todo";
    return { number: room.number, state, words, url: url({ s: "round", room: room.number }) };
  });
  const next = rooms.find((room) => values[`rooms/${room.number}`] === undefined);
  const left = cards.filter(({ state }) => state === "todo").length;
  return {
    title: nameOf(c.snap, target.meta.building),
    saved_text: savedText(c, target.view),
    tally: tally(round, rooms),
    cards,
    left_text: left > 0 ? fmt(_("还有{n}间没点"), { n: left }) : _("都点完了"),
    next_url: next ? url({ s: "round", room: next.number }) : url({ s: "end" }),
    next_text: next
      ? fmt(left === cards.length ? _("从{room}开始") : _("下一间 {room}"), { room: next.number })
      : _("下一段 收尾"),
    end_url: next && left < cards.length ? url({ s: "end" }) : "",
    missing: missing(c, round),
  };
}

/** Who is missing without anybody knowing where: they stay on the page until found. */
function missing(c: Context, round: Round): object[] {
  const found = Object.entries(round.values).filter(
    ([path, item]) => path.startsWith("absent/") && (item as Item)?.where === "unknown",
  );
  return found.map(([path]) => {
    const student = path.slice("absent/".length);
    return { name: nameOf(c.snap, student), url: `/app/call?doc=${round.target.id}&student=${student}` };
  });
}

const WHERE = ["leave", "hospital", "home", "unknown"];

function roomView(c: Context, round: Round, room: Room): object {
  const { target, values, leave, rooms } = round;
  const { done } = standing(values, room, leave);
  const question = target.form.questions
    .find((q) => q.name === "absent")
    ?.columns?.find((q) => q.name === "where");
  const labels = WHERE.map((name) => ({
    name,
    label: question?.choices?.find((choice) => choice.name === name)?.label ?? name,
  }));
  const beds = room.beds.map(({ bed, student }) => {
    const item = values[`absent/${student}`] as Item | undefined;
    const state = leave.has(student) ? "leave" : item ? "gone" : done ? "here" : "todo";
    const words = { leave: _("请假"), gone: _("不在"), here: _("在"), todo: _("没点") }[state];
    const alert = String(c.snap.view(student)?.fields.alert ?? "");
    return {
      id: student,
      bed,
      name: nameOf(c.snap, student) || _("不在名单"),
      state,
      words,
      where: String(item?.where ?? ""),
      alert,
    };
  });
  const gone = beds.filter(({ state }) => state === "gone");
  const next = rooms[rooms.findIndex(({ number }) => number === room.number) + 1];
  const url = (more: Record<string, string>) => fillUrl(target, c.url.searchParams, more);
  return {
    title: fmt(_("{building} {room}室"), {
      building: nameOf(c.snap, target.meta.building),
      room: room.number,
    }),
    number: room.number,
    back: url({ s: "round" }),
    action: fillUrl(target, c.url.searchParams, { room: room.number }, "/room"),
    saved_text: savedText(c, target.view),
    tally: { ...tally(round, [room]), absent: gone.length },
    done,
    beds,
    gone: gone.map((bed) => ({
      ...bed,
      options: labels.map((choice) => ({ ...choice, on: choice.name === bed.where })),
      call_url: bed.where === "unknown" ? `/app/call?doc=${target.id}&student=${bed.id}` : "",
    })),
    main_text: mainText(gone.length > 0 || done, next?.number),
  };
}

function mainText(known: boolean, next: string | undefined): string {
  if (known) return next ? fmt(_("下一间 {room}"), { room: next }) : _("下一段 收尾");
  return next ? fmt(_("全到，下一间 {room}"), { room: next }) : _("全到，下一段 收尾");
}

/** A tap in a room: a bed (who is missing), where somebody is, or on to the next room. */
async function tap(c: Context): Promise<Response> {
  const round = roundOf(c);
  const room = round?.rooms.find(({ number }) => number === c.url.searchParams.get("room"));
  if (!round || !room) return notFound(c);
  const form = await c.request.formData();
  const said = (name: string) => String(form.get(name) ?? "");
  const base = round.target.view?.base ?? 0;
  if (said("bed")) await save(c, round.target, withRoom(round, room, bedTap(round, said("bed"), base), base));
  const [student = "", where = ""] = said("where").split(":");
  if (where) {
    await save(c, round.target, [{ path: `absent/${student}`, base, value: { where } }]);
    if (where === "unknown") return redirect(c, `/app/call?doc=${round.target.id}&student=${student}`);
  }
  if (said("go")) return leaveRoom(c, round, room, base);
  const after: Context = { ...c, snap: await c.vault.snapshot() };
  if (!c.partial)
    return redirect(c, fillUrl(round.target, c.url.searchParams, { s: "round", room: room.number }));
  const fresh = roundOf(after);
  return html(c.env.render("app/_tapped.html", { room: roomView(after, fresh ?? round, room) }));
}

function bedTap(round: Round, student: string, base: number): Change[] {
  const path = `absent/${student}`;
  return [{ path, base, value: round.values[path] ? null : {} }];
}

/** The room's own line follows its beds: all there, or how many. */
function withRoom(round: Round, room: Room, changes: Change[], base: number): Change[] {
  const values: Values = { ...round.values };
  for (const { path, value } of changes) {
    if (value === null) delete values[path];
    else values[path] = value;
  }
  const { due, absent } = standing(values, room, round.leave);
  const value: Item = absent.length > 0 ? { present: due - absent.length } : { all: true };
  return [...changes, { path: `rooms/${room.number}`, base, value }];
}

async function leaveRoom(c: Context, round: Round, room: Room, base: number): Promise<Response> {
  await save(c, round.target, withRoom(round, room, [], base));
  const next = round.rooms[round.rooms.findIndex(({ number }) => number === room.number) + 1];
  const made: Target = {
    ...round.target,
    view: round.target.view ?? (await c.vault.snapshot()).view(round.target.id),
  };
  return redirect(
    c,
    fillUrl(made, c.url.searchParams, next ? { s: "round", room: next.number } : { s: "end" }),
  );
}

export const round: Route[] = [{ method: "POST", pattern: "/app/fill/:id/room", handle: tap }];
