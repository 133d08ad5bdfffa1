import assert from "node:assert/strict";
import { test } from "node:test";
import { doc, ME, Pocket } from "./pocket";

const BUILDING = "0193dddd-0000-7000-8000-000000000001";
const pupil = (n: number, name: string, more = {}) =>
  doc("student", `0193bbbb-0000-7000-8000-00000000000${n}`, { name, room: "2号楼101", ...more });
const PUPILS = [pupil(1, "邓洛福"), pupil(2, "彭雨桐"), pupil(3, "龙䶮", { room: "2号楼102" })];
const ids = PUPILS.map(({ id }) => id);
const building = doc("building", BUILDING, {
  name: "2号楼",
  "rooms/102": { number: "102", beds: [{ bed: "1", student: ids[2] ?? "" }] },
  "rooms/101": {
    number: "101",
    beds: [{ bed: "1", student: ids[0] ?? "" }, { bed: "2", student: ids[1] ?? "" }, { bed: "3" }],
  },
  "rooms/103": { number: "103", beds: [{ bed: "1" }] },
});

async function begun(
  more = [] as ReturnType<typeof doc>[],
): Promise<{ pocket: Pocket; path: string; html: string; id: string }> {
  const pocket = await Pocket.open([building, ...PUPILS, ...more]);
  const { path, html } = await pocket.visit("/app/new/night_round");
  return { pocket, path, html, id: path.split("/")[3]?.split("?")[0] ?? "" };
}

const tap = (path: string, room: string) => path.replace("?", `/room?room=${room}&`);

test("a round opens on its building, with the rooms that are slept in", async () => {
  const { html, pocket } = await begun();
  assert.match(html, /2号楼/);
  assert.match(html, /从101开始/);
  assert.match(html, /应到 <b>3<\/b>/);
  assert.doesNotMatch(html, />103</);
  assert.equal((await pocket.snapshot()).views("visit").length, 0);
});

test("all present is one tap a room", async () => {
  const { pocket, path, id } = await begun();
  const reply = await pocket.post(tap(path, "101"), [["go", "next"]]);
  assert.match(reply.headers.get("Location") ?? "", /room=102/);
  const view = await pocket.view(id);
  assert.deepEqual(view.fields["rooms/101"], { all: true });
  assert.deepEqual(view.meta, { building: BUILDING, night: "2026-11-20" });
  const last = await pocket.post(`/app/fill/${id}/room?room=102`, [["go", "next"]]);
  assert.match(last.headers.get("Location") ?? "", /s=end/);
});

test("a tap on a bed counts who is missing, a second takes it back", async () => {
  const { pocket, path, id } = await begun();
  await pocket.post(tap(path, "101"), [["bed", ids[1] ?? ""]]);
  assert.deepEqual((await pocket.view(id)).fields["rooms/101"], { present: 1 });
  const { html } = await pocket.visit(`/app/fill/${id}?s=round&room=101`);
  assert.match(html, /2床 彭雨桐在哪里/);
  await pocket.post(`/app/fill/${id}/room?room=101`, [["bed", ids[1] ?? ""]]);
  const { fields } = await pocket.view(id);
  assert.deepEqual(fields["rooms/101"], { all: true });
  assert.equal(`absent/${ids[1]}` in fields, false);
});

test("nobody knows where: the call card opens, and finding the pupil puts all right", async () => {
  const { pocket, path, id } = await begun();
  await pocket.post(tap(path, "101"), [["bed", ids[1] ?? ""]]);
  const reply = await pocket.post(`/app/fill/${id}/room?room=101`, [["where", `${ids[1]}:unknown`]]);
  const location = reply.headers.get("Location") ?? "";
  assert.match(location, /^\/app\/call\?/);
  const call = await pocket.visit(location);
  assert.match(call.html, /彭雨桐不在，去向不明/);
  assert.match(call.html, /2号楼 101室 晚点名/);
  assert.match(call.html, /tel:110/);
  await pocket.post(location.replace("/app/call", "/app/call/log"), []);
  assert.match(
    JSON.stringify((await pocket.view(id)).fields[`absent/${ids[1]}`]),
    /"contacted_at":"2026-11-20/,
  );
  await pocket.post(location.replace("/app/call", "/app/call/found"), []);
  const { fields } = await pocket.view(id);
  assert.equal(`absent/${ids[1]}` in fields, false);
  assert.deepEqual(fields["rooms/101"], { all: true });
});

test("who has leave is not expected", async () => {
  const leave = doc("leave", "0193eeee-0000-7000-8000-000000000001", {
    student: ids[1] ?? "",
    from: "2026-11-20",
    until: "2026-11-22",
  });
  const { html } = await begun([leave]);
  assert.match(html, /应到 <b>2<\/b>/);
  assert.match(html, /请假 <b>1<\/b>/);
});

test("the same evening's round is opened again, and submitted once for the building", async () => {
  const { pocket, path, id } = await begun();
  await pocket.post(tap(path, "101"), [["go", "next"]]);
  const again = await pocket.visit("/app/new/night_round");
  assert.match(again.path, new RegExp(`^/app/fill/${id}`));
  const reply = await pocket.post(`/app/fill/${id}?s=end`, [
    ["s", "end"],
    ["go", "submit"],
  ]);
  assert.equal(reply.headers.get("Location"), `/app/records/${id}`);
  const view = await pocket.view(id);
  assert.equal(view.state, "submitted");
  assert.deepEqual(view.fields.visitors, [ME]);
});

test("a tap answers with the room alone when htmx asks", async () => {
  const { pocket, path } = await begun();
  const reply = await pocket.post(tap(path, "101"), [["bed", ids[1] ?? ""]], { "HX-Request": "true" });
  const html = await reply.text();
  assert.match(html, /aria-pressed="true"/);
  assert.doesNotMatch(html, /<html/);
});
