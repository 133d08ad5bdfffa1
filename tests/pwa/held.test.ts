/** What was not taken, on the phone's screens: why, what the office did with it, and an earlier phone's too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answered } from "../../pwa/exchange";
import type { Doc, SyncReply, Values } from "../../pwa/protocol";
import { doc, ME, Pocket } from "./pocket";

const PUPIL = "0193bbbb-0000-7000-8000-000000000001";
const VISIT = "0193cccc-0000-7000-8000-000000000001";
const OLD = "0193dddd-0000-7000-8000-000000000001:3";
const pupil = doc("student", PUPIL, { name: "龙䶮", class: "三(2)班" });

function held(id: string, fields: Values, more: Partial<Doc> = {}): Doc {
  return doc("held", id, fields, { state: "waiting", meta: { author: ME }, ...more });
}

const create: Values = {
  seq: 3,
  op: "create",
  kind: "visit",
  doc: VISIT,
  form: "home_visit",
  form_version: 1,
  set: { carer: "one_away", home_fb: "先写作业再喂鸡。" },
  meta: { students: [PUPIL] },
};

function closed(reason: string): Partial<Doc> {
  return { state: "closed", notes: { events: [{ event: "close", args: { reason } }] } };
}

/** A phone that wrote a visit, which the server did not take, and then pulls these docs. */
async function notTaken(...docs: ((client: string) => Doc)[]): Promise<Pocket> {
  const phone = await Pocket.open([pupil]);
  const change = { doc: VISIT, kind: "visit", form: "home_visit", formVersion: 1, base: 0 };
  await phone.vault.save({ ...change, set: { carer: "one_away" }, meta: { students: [PUPIL] } });
  await phone.vault.write((stored) => ({
    core: stored.core,
    writes: {
      ops: stored.ops.map((op) => ({
        ...op,
        stage: "held",
        result: { seq: op.op.seq, result: "held", code: "forbidden" },
      })),
      docs: docs.map((make) => make(stored.core.client)),
    },
  }));
  return phone;
}

test("what was not taken says why, waits under what needs somebody, and opens", async () => {
  const phone = await notTaken((client) => held(`${client}:1`, { code: "forbidden" }));
  const list = await phone.visit("/app/records?tab=apart");
  assert.equal(list.html.match(/class="cell"/g)?.length, 1, "its held doc is not a row of its own");
  assert.match(list.html, /学校那边没有收下，点开看怎么办/);
  const record = await phone.visit(`/app/records/${VISIT}`);
  assert.match(record.html, /这条记录现在不归您填，学校看过再定。内容还在。/);
  assert.match((await phone.visit("/app/")).html, /未接收/);
});

test("what the office closed is told with its reason and needs nobody any more", async () => {
  const phone = await notTaken((client) =>
    held(`${client}:1`, { code: "forbidden" }, closed("不是您班上的")),
  );
  assert.match((await phone.visit("/app/records?tab=apart")).html, /没有要处理的/);
  assert.match((await phone.visit(`/app/records/${VISIT}`)).html, /学校看过，没有收：不是您班上的/);
});

test("what the office released reads like any record", async () => {
  const made = doc(
    "visit",
    VISIT,
    { carer: "one_away" },
    { state: "submitted", meta: { students: [PUPIL] } },
  );
  const phone = await notTaken(
    (client) => held(`${client}:1`, { code: "forbidden" }, { state: "released" }),
    () => ({ ...made, form: "home_visit", meta: { ...made.meta, author: ME } }),
  );
  const record = await phone.visit(`/app/records/${VISIT}`);
  assert.match(record.html, /已提交/);
  assert.doesNotMatch(record.html, /没有权限|没有收/);
  assert.match((await phone.visit("/app/records?tab=apart")).html, /没有要处理的/);
});

test("an earlier phone's work that was not taken is listed and can be read", async () => {
  const phone = await Pocket.open([pupil, held(OLD, { code: "forbidden", op: create })]);
  const list = await phone.visit("/app/records?tab=apart");
  assert.match(list.html, new RegExp(`href="/app/records/${OLD}"`));
  assert.match(list.html, /要处理 1/);
  assert.match(list.html, /龙䶮/);
  const record = await phone.visit(`/app/records/${OLD}`);
  assert.equal(record.status, 200);
  assert.match(record.html, /先写作业再喂鸡。/);
  assert.match(record.html, /这条记录现在不归您填/);
  assert.doesNotMatch(record.html, /接着填|拿回来再改/);
});

test("an edit of an earlier phone shows what it said, also where the record is not here", async () => {
  const edit = { ...create, op: "edit", base: 0, set: { carer: "both_away" } };
  const phone = await Pocket.open([held(OLD, { code: "unknown_doc", op: edit })]);
  assert.match((await phone.visit(`/app/records/${OLD}`)).html, /双方外出/);
});

test("an earlier phone's that the office closed says so where it is opened, and is in no list", async () => {
  const phone = await Pocket.open([held(OLD, { code: "forbidden", op: create }, closed("重了"))]);
  assert.match((await phone.visit("/app/records?tab=apart")).html, /没有要处理的/);
  assert.match((await phone.visit(`/app/records/${OLD}`)).html, /学校看过，没有收：重了/);
});

test("somebody else's is not listed", async () => {
  const phone = await Pocket.open([held(OLD, { code: "forbidden" }, { meta: { author: PUPIL } })]);
  assert.match((await phone.visit("/app/records?tab=apart")).html, /没有要处理的/);
});

test("what was about an erased pupil is not kept here either, and says why", async () => {
  const phone = await Pocket.open();
  const change = { doc: VISIT, kind: "visit", form: "home_visit", formVersion: 1, base: 0 };
  await phone.vault.save({ ...change, set: { home_fb: "龙䶮在家。" }, meta: { students: [PUPIL] } });
  await phone.vault.write((stored) => {
    const { client } = stored.core;
    const params = { erased: true };
    const reply: SyncReply = {
      epoch: "e",
      now: "2026-11-20T06:32:00.000Z",
      acked: 1,
      durable: 0,
      results: [{ seq: 1, result: "held", code: "unknown_doc", params }],
      docs: [held(`${client}:1`, { code: "unknown_doc", params })],
      drop: [],
      cursor: "c",
      more: false,
    };
    const request = { protocol: 1, epoch: null, client, pull: { cursor: null, limit: 1 } };
    return answered(stored, request, reply, 0);
  });
  assert.equal((await phone.vault.shelf.opRows()).length, 0);
  const list = await phone.visit("/app/records?tab=apart");
  assert.match(list.html, /要处理 1/);
  const [, url = ""] = /href="(\/app\/records\/[^"?]+)"/.exec(list.html) ?? [];
  assert.match((await phone.visit(url)).html, /写的是已按规定删除的学生，学校没有收，也没有留下。/);
});
