/** 要处理: what is typed there and not yet said is kept, and nobody reads it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDB } from "idb";
import type { Doc } from "../../pwa/protocol";
import { doc, fieldsOf, ME, Pocket } from "./pocket";

const PUPIL = "0193cccc-0000-7000-8000-000000000001";
const OTHER = "0193aaaa-0000-7000-8000-000000000002";
const VISIT = "0193bbbb-0000-7000-8000-000000000001";

test("a third value that is being typed outlives the lock, sealed, and goes when it is said", async () => {
  const siblings = { home_fb: [{ sibling: "c:1", value: "先喂鸡。", by: OTHER, at: null }] };
  const fields = { result: "met", home_fb: "先写作业。" };
  const more = { form: "home_visit", state: "draft", author: ME, meta: { students: [PUPIL] }, siblings };
  const pocket = await Pocket.open([
    doc("student", PUPIL, { name: "龙䶮" }),
    doc("visit", VISIT, fields, more),
  ]);
  const path = `/app/decide/${VISIT}/home_fb`;
  const typed = (html: string) => /<textarea[^>]*name="home_fb"[^>]*>([^<]*)</.exec(html)?.[1];
  const other = /value="other" checked/;
  const before = await pocket.visit(path);
  assert.equal(typed(before.html), "先写作业。");
  assert.doesNotMatch(before.html, other);
  const pairs = fieldsOf(before.html, { keep: "other", home_fb: "先写作业，再喂鸡。" });
  assert.equal((await pocket.post(`${path}/own`, pairs)).status, 204);

  const again = (await pocket.visit(path)).html;
  assert.equal(typed(again), "先写作业，再喂鸡。");
  assert.match(again, other);
  assert.match(again, /<b>先写作业。<\/b>/, "the two values stand as they were");
  assert.doesNotMatch(await notesInTheClear(pocket), /喂鸡/);
  assert.equal((await pocket.snapshot()).unsent.length, 0, "nothing is decided by typing");

  await pocket.post(path, fieldsOf(again, { keep: "other" }));
  assert.equal((await pocket.view(VISIT)).fields.home_fb, "先写作业，再喂鸡。");
  assert.doesNotMatch(await notesInTheClear(pocket), /decide/, "nothing of it is kept any longer");
});

/** The notes of this phone's shelf as they lie, bytes as text. */
async function notesInTheClear(pocket: Pocket): Promise<string> {
  const db = await openDB(`zoufang-${pocket.vault.shelf.id}`);
  const keys = await db.getAllKeys("notes");
  const notes = await Promise.all(keys.map(async (key) => [key, await db.get("notes", key)] as const));
  db.close();
  const text = (value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : JSON.stringify(value);
  return notes.flatMap(([key, value]) => (value === undefined ? [] : `${key} ${text(value)}`)).join("\n");
}

test("today says of what waits for one that some was returned and some is to be decided", async () => {
  const siblings = { home_fb: [{ sibling: "c:1", value: "先喂鸡。", by: OTHER, at: null }] };
  const about = { form: "home_visit", author: ME, meta: { students: [PUPIL], author: ME } };
  const disputed = doc("visit", VISIT, { result: "met" }, { ...about, state: "draft", siblings });
  const notes = { returned: { fields: { home_fb: "" } } };
  const returned = doc(
    "visit",
    `${VISIT.slice(0, -1)}2`,
    { result: "met" },
    { ...about, state: "returned", notes },
  );
  const said = async (...docs: Doc[]) => {
    const pocket = await Pocket.open([doc("student", PUPIL, { name: "龙䶮" }), ...docs]);
    const { html } = await pocket.visit("/app/");
    return /要处理.*?(被退回，要您定|被退回|要您定|没有)/s.exec(html)?.[1];
  };
  assert.equal(await said(disputed), "要您定");
  assert.equal(await said(returned), "被退回");
  assert.equal(await said(disputed, returned), "被退回，要您定");
  assert.equal(await said(), "没有");
});
