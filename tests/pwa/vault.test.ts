/** What the phone keeps: one durable step a save, nothing half done, nobody's work touched by another's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "../../pwa/routes/pupils";
import { Device } from "../../pwa/store";
import { Vault } from "../../pwa/vault";
import { doc, Pocket } from "./pocket";

const VISIT = "0193bbbb-0000-7000-8000-000000000001";
const about = {
  doc: VISIT,
  kind: "visit",
  form: "home_visit",
  formVersion: 1,
  base: 0,
  meta: { students: ["s"] },
};

test("what was saved is there for another worker, with the next seq", async () => {
  const { vault, env } = await Pocket.open();
  await vault.save({ ...about, set: { carer: "one_away" } });
  const later = new Vault(vault.card, new Device(env.device.ring).shelf(vault.card.id), env.now);
  const snap = await later.snapshot();
  assert.equal(snap.view(VISIT)?.fields.carer, "one_away");
  assert.equal(snap.core.seq, 1);
});

test("many writers at once: each change is there, and no seq twice", async () => {
  const { vault, env } = await Pocket.open();
  const ids = Array.from({ length: 12 }, (_, i) => `0193bbbb-0000-7000-8000-${String(i).padStart(12, "0")}`);
  const writers = [vault, new Vault(vault.card, new Device(env.device.ring).shelf(vault.card.id))];
  await Promise.all(
    ids.map((id, i) => writers[i % 2]?.save({ ...about, doc: id, set: { carer: "single" } })),
  );
  const snap = await vault.snapshot();
  assert.equal(snap.views("visit").length, 12);
  assert.deepEqual(
    snap.unsent.map(({ op }) => op.seq).sort((a, b) => a - b),
    ids.map((_, i) => i + 1),
  );
});

test("an edit after a submit is an op of its own, so that the order stays", async () => {
  const { vault } = await Pocket.open();
  await vault.save({ ...about, set: { carer: "one_away" } });
  await vault.act({ kind: "visit", doc: VISIT, base: 0, event: "submit" });
  await vault.save({ ...about, set: { carer: "single" } });
  assert.deepEqual(
    (await vault.snapshot()).unsent.map(({ op }) => op.op),
    ["create", "event", "edit"],
  );
});

test("fields from different revisions go in separate ops", async () => {
  const { vault } = await Pocket.open([doc("visit", VISIT, { carer: "one_away" }, { state: "draft" })]);
  await vault.save({ ...about, base: 7, set: { carer: "single" } });
  await vault.save({ ...about, base: 3, set: { commute: 20 } });
  assert.deepEqual(
    (await vault.snapshot()).unsent.map(({ op }) => op.base),
    [7, 3],
  );
});

test("choosing and dropping again before sending leaves what was meant", async () => {
  const { vault } = await Pocket.open();
  await vault.save({ ...about, set: { difficulty: { add: ["study", "family"], remove: [] } } });
  await vault.save({ ...about, set: { difficulty: { add: ["safety"], remove: ["study"] } } });
  const snap = await vault.snapshot();
  assert.deepEqual(snap.view(VISIT)?.fields.difficulty, ["family", "safety"]);
  assert.equal(snap.unsent.length, 1);
});

test("a text that goes on after a part of it was sent names that part as what it started from", async () => {
  const { vault } = await Pocket.open();
  await vault.save({ ...about, set: { home_fb: "孩子" }, was: { home_fb: "" } });
  await vault.write(({ core, ops }) => ({
    core,
    writes: { ops: ops.map((op) => ({ ...op, stage: "sent" })) },
  }));
  await vault.save({ ...about, set: { home_fb: "孩子懂事" }, was: { home_fb: "" } });
  const [, second] = (await vault.snapshot()).unsent;
  assert.deepEqual(second?.op.was, { home_fb: "孩子" });
});

test("texts are stored with plain line ends and composed signs", async () => {
  const { vault } = await Pocket.open();
  await vault.save({ ...about, set: { home_fb: "一\r\n二e\u0301" }, was: { home_fb: "" } });
  assert.equal((await vault.snapshot()).view(VISIT)?.fields.home_fb, "一\n二é");
});

test("signing out clears what can be read and keeps what is unsent, also through another's use", async () => {
  const { vault } = await Pocket.open([doc("student", "s", { name: "龙䶮" })]);
  await vault.save({ ...about, set: { carer: "one_away" } });
  await vault.clearReadable();
  const other = await Pocket.open();
  await other.vault.save({ ...about, doc: "0193bbbb-0000-7000-8000-000000000009", set: { carer: "single" } });
  const snap = await vault.snapshot();
  assert.equal(snap.views("student").length, 0);
  assert.deepEqual(snap.unsentDocs, [VISIT]);
  assert.equal(snap.core.cursor, null);
});

test("a pupil is found by name, pinyin, its initials, class and village", async () => {
  const household = doc("household", "h", { village: "老鸦沟村" });
  const student = doc("student", "s", { name: "龙䶮", pinyin: "lóng yǎn", class: "三(2)班", household: "h" });
  const { vault } = await Pocket.open([household, student]);
  const snap = await vault.snapshot();
  const view = snap.view("s");
  assert.ok(view);
  for (const query of ["龙", "ly", "LY", "longyan", "yan", "三(2)", "老鸦沟", "老鸦沟 ly", "ｌｙ", ""]) {
    assert.ok(fits(snap, view, query), query);
  }
  for (const query of ["yl", "杨", "老鸦沟 yang"]) assert.ok(!fits(snap, view, query), query);
});

test("initials that the server supplies are found from their first letter on", async () => {
  const { vault } = await Pocket.open([doc("student", "s", { name: "覃佑建", pinyin: "qinyoujian qyj" })]);
  const snap = await vault.snapshot();
  const view = snap.view("s");
  assert.ok(view);
  for (const query of ["qy", "qyj", "qin", "qinyou"]) assert.ok(fits(snap, view, query), query);
  assert.ok(!fits(snap, view, "yj"));
});
