/** 晚点名: a building's rooms, one after the other. All present is one tap; who is missing is one more each. */
import { type Context, html, notFound, page, type Route, redirect } from "../context";
import { fillUrl, newId, nightOf, save, type Target } from "../filling";
import { isMine } from "../me";
import type { Change } from "../posted";
import { type Room, type Round, roomsOf, roomView, roundOf, roundView, withBeds } from "../roundview";
import { _, fmt } from "../text";
import type { View } from "../vault";

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
/** A tap in a room: a bed (who is missing), where somebody is, or on to the next room. */
async function tap(c: Context): Promise<Response> {
  const round = roundOf(c);
  const room = round?.rooms.find(({ number }) => number === c.url.searchParams.get("room"));
  if (!round || !room) return notFound(c);
  const form = await c.request.formData();
  const said = (name: string) => String(form.get(name) ?? "");
  const base = round.target.view?.base ?? 0;
  if (said("bed")) await save(c, round.target, withBeds(round, room, bedTap(round, said("bed"), base), base));
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

async function leaveRoom(c: Context, round: Round, room: Room, base: number): Promise<Response> {
  await save(c, round.target, withBeds(round, room, [], base));
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
