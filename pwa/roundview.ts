/** What a night round shows: its rooms and beds, who is due, there, away on leave, or missing. */
import { timeText } from "./clock";
import type { Context } from "./context";
import { fillUrl, type Target, targetOf } from "./filling";
import type { Change } from "./posted";
import type { Json, Values } from "./protocol";
import { _, fmt } from "./text";
import type { View } from "./vault";
import { nameOf, touchedAt } from "./words";

interface Bed {
  bed: string;
  student: string;
}
export interface Room {
  number: string;
  beds: Bed[];
}
export type Item = { [key: string]: Json };

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
function onLeave(c: Context, night: string): Set<string> {
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

/** Who is due in a room, who of them is not there; nobody counts as present before the room was called. */
export function standing(values: Values, room: Room, leave: Set<string>): Standing {
  const due = room.beds.filter(({ student }) => !leave.has(student)).map(({ student }) => student);
  const absent = due.filter((student) => values[`absent/${student}`]);
  const done = values[`rooms/${room.number}`] !== undefined;
  return { done, due: due.length, present: done ? due.length - absent.length : 0, absent };
}

/** A round and what it is about. */
export interface Round {
  target: Target;
  building: View;
  rooms: Room[];
  leave: Set<string>;
  values: Values;
}

/** The round that the address or `target` names; null where it or its building is not on this phone. */
export function roundOf(c: Context, target = targetOf(c, c.params.id ?? "")): Round | null {
  const building = c.snap.view(String(target?.meta.building ?? ""));
  if (target?.form.name !== "night_round" || !building) return null;
  const leave = onLeave(c, String(target.meta.night));
  return { target, building, rooms: roomsOf(building), leave, values: target.view?.fields ?? {} };
}

/** Changes of who is there, with the room's own line, which follows its beds: all there, or how many. */
export function withBeds(round: Round, room: Room, changes: Change[], base: number): Change[] {
  const values: Values = { ...round.values };
  for (const { path, value } of changes) {
    if (value === null) delete values[path];
    else values[path] = value;
  }
  const { due, absent } = standing(values, room, round.leave);
  const value: Item = absent.length > 0 ? { present: due - absent.length } : { all: true };
  return [...changes, { path: `rooms/${room.number}`, base, value }];
}

function savedText(view: View | undefined): string {
  if (!view) return _("晚点名");
  if (view.pending.length === 0) return _("晚点名，已存本机，也传到学校了");
  return fmt(_("晚点名，已存本机 {time}"), { time: timeText(touchedAt(view)) });
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

/** The page of all rooms. */
export function roundView(c: Context, round: Round): object {
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
    saved_text: savedText(target.view),
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

/** The page of one room: its beds, and a question for each who is missing. */
export function roomView(c: Context, round: Round, room: Room): object {
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
    saved_text: savedText(target.view),
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
