import assert from "node:assert/strict";
import { test } from "node:test";
import type { Doc } from "../../pwa/protocol";
import { cover } from "../../pwa/signing";
import { doc, fieldsOf, ME, Pocket } from "./pocket";

const PUPIL = "0193bbbb-0000-7000-8000-000000000001";
const VISIT = "0193cccc-0000-7000-8000-000000000001";
const pupil = doc("student", PUPIL, { name: "龙䶮", class: "三(2)班" });

function visit(fields: Doc["fields"], more: Partial<Doc> = {}): Doc {
  const meta = { students: [PUPIL], author: ME };
  return doc("visit", VISIT, fields, { form: "home_visit", state: "draft", meta, ...more });
}

async function opened(docs: Doc[] = []): Promise<{ pocket: Pocket; path: string; html: string; id: string }> {
  const pocket = await Pocket.open([pupil, ...docs]);
  const { path, html } = await pocket.visit(`/app/new/home_visit?student=${PUPIL}`);
  return { pocket, path, html, id: path.split("/")[3]?.split("?")[0] ?? "" };
}

/** One unit as the page's script posts it. */
function unit(path: string, was: string, values: string[], base = "0"): [string, string][] {
  return [
    ["s", "meet"],
    [`base:${path}`, base],
    [`was:${path}`, was],
    ...values.map((value) => [path, value] as [string, string]),
  ];
}

test("looking at a new form leaves no record behind", async () => {
  const { pocket, html } = await opened();
  assert.match(html, /家访 龙䶮/);
  assert.equal((await pocket.snapshot()).views("visit").length, 0);
});

test("the first change makes the record, with its time and who was there", async () => {
  const { pocket, path, id } = await opened();
  const reply = await pocket.post(path.replace("?", "/field?"), unit("result", "", ["met_guardian"]));
  assert.equal(reply.status, 200);
  assert.match(await reply.text(), /已存本机 14:32/);
  const view = await pocket.view(id);
  assert.equal(view.fields.result, "met_guardian");
  assert.deepEqual(view.fields.visitors, [ME]);
  assert.match(String(view.fields.occurred_at), /^2026-11-20T/);
  assert.deepEqual(view.meta, { students: [PUPIL] });
  assert.equal(view.pending.length, 1);
});

test("a phone whose clock is a day fast begins a record with the school's time, and says how wrong it is", async () => {
  const pocket = await Pocket.open([pupil]);
  await pocket.vault.write(({ core }) => ({ core: { ...core, epoch: "e", skew: -86_400_000 }, writes: {} }));
  const { path, html } = await pocket.visit(`/app/new/home_visit?student=${PUPIL}`);
  assert.match(html, /name="occurred_at"[^>]*value="2026-11-19T14:32"/);
  await pocket.post(path.replace("?", "/field?"), unit("result", "", ["met_guardian"]));
  const { fields } = await pocket.view(path.split("/")[3]?.split("?")[0] ?? "");
  assert.match(String(fields.occurred_at), /^2026-11-19T/);
  assert.deepEqual(fields.clock, { device: "2026-11-20T14:32:00+08:00", skew: -86400, checked: true });
});

test("a new form shows now and oneself, and who else came is added to that", async () => {
  const { pocket, path, html, id } = await opened();
  assert.match(html, /name="occurred_at"[^>]*value="2026-11-20T14:32"/);
  const me = new RegExp(`name="visitors" value="${ME}" checked`);
  assert.match(html, me);
  await pocket.post(
    path.replace("?", "/field?"),
    unit("visitors", ME, [ME, "0193aaaa-0000-7000-8000-000000000002"]),
  );
  const { fields } = await pocket.view(id);
  assert.deepEqual(fields.visitors, [ME, "0193aaaa-0000-7000-8000-000000000002"]);
});

test("changes before the first sending stay one op", async () => {
  const { pocket, path, id } = await opened();
  const field = path.replace("?", "/field?");
  await pocket.post(field, unit("result", "", ["met_guardian"]));
  await pocket.post(field, unit("home_fb", "", ["放学先写作业"]));
  await pocket.post(field, unit("home_fb", "放学先写作业", ["放学先写作业，再喂鸡"]));
  const { pending, fields } = await pocket.view(id);
  assert.equal(pending.length, 1);
  assert.equal(fields.home_fb, "放学先写作业，再喂鸡");
  assert.equal(pending[0]?.op.was?.home_fb, "");
});

test("an answer that makes questions fall away says how many, and keeps what they held", async () => {
  const { pocket, path, id } = await opened();
  const field = path.replace("?", "/field?");
  await pocket.post(field, unit("carer", "", ["one_away"]));
  const reply = await pocket.post(field, unit("result", "", ["nobody_home"]));
  const html = await reply.text();
  assert.match(html, /选了“未遇”，后面\d+题不用填。/);
  assert.match(html, /下次什么时候去/);
  assert.equal((await pocket.view(id)).fields.carer, "one_away");
});

test("the page as a plain form: whatever it holds is stored, then the next section opens", async () => {
  const { pocket, path, html, id } = await opened();
  const pairs = fieldsOf(html, {
    result: "met_guardian",
    reason: ["routine", "care"],
    met: "grandparent",
    go: "next",
  });
  const reply = await pocket.post(path, pairs);
  assert.equal(reply.status, 303);
  assert.match(reply.headers.get("Location") ?? "", /s=home$/);
  const { fields } = await pocket.view(id);
  assert.deepEqual(fields.reason, ["care", "routine"]);
  assert.equal(fields.result, "met_guardian");
});

test("what is asked for while saves are under way finds all that they stored", async () => {
  const { pocket, path, id } = await opened();
  const save = (name: string, value: string) =>
    pocket.post(path.replace("?", "/field?"), unit(name, "", [value]));
  const saves = [save("result", "refused"), save("reason", "routine"), save("next_date", "2026-12-01")];
  await pocket.get(path);
  const { fields, pending } = await pocket.view(id);
  assert.deepEqual(
    { result: fields.result, reason: fields.reason, next: fields.next_date },
    { result: "refused", reason: ["routine"], next: "2026-12-01" },
  );
  assert.equal(pending.length, 1, "they found each other, and stayed one op");
  for (const saved of saves) assert.equal((await saved).status, 200);
});

test("leaving and coming back lands in the same section", async () => {
  const { pocket, path, html, id } = await opened();
  const reply = await pocket.post(path, fieldsOf(html, { result: "met_guardian", go: "next" }));
  await pocket.visit(reply.headers.get("Location") ?? "");
  const again = await pocket.visit(`/app/fill/${id}`);
  assert.match(again.html, /name="s" value="home"/);
  assert.match(again.html, /监护状况/);
});

test("a submit that lacks something leads to the first of it", async () => {
  const { pocket, path, html, id } = await opened();
  const reply = await pocket.post(path, fieldsOf(html, { result: "met_guardian", go: "submit" }));
  const location = reply.headers.get("Location") ?? "";
  assert.match(location, /s=meet.*check=1.*#q-reason$/);
  const page = await pocket.visit(location);
  assert.equal(page.status, 422);
  assert.match(page.html, /“家访目的”请至少选一样/);
  assert.match(page.html, /class="q bad" id="q-reason"[^>]*aria-describedby="f-reason-msg"/);
  assert.equal((await pocket.view(id)).state, "draft");
});

const COMPLETE: Doc["fields"] = {
  result: "nobody_home",
  reason: ["routine"],
  occurred_at: "2026-11-20T14:00:00+08:00",
  visitors: [ME],
  next_date: "2026-11-28",
  danger: false,
};

test("a complete record is submitted once, however often the button is pressed", async () => {
  const pocket = await Pocket.open([pupil, visit(COMPLETE)]);
  const both = await Promise.all(
    [1, 2].map(() =>
      pocket.post(`/app/fill/${VISIT}`, [
        ["s", "private"],
        ["go", "submit"],
      ]),
    ),
  );
  for (const reply of both) assert.equal(reply.headers.get("Location"), `/app/records/${VISIT}`);
  const { state, pending } = await pocket.view(VISIT);
  assert.equal(state, "submitted");
  assert.equal(pending.filter(({ op }) => op.event === "submit").length, 1);
  assert.equal((await pocket.snapshot()).views("visit").length, 1);
});

test("a submitted record is read, and can be taken back before the school has looked", async () => {
  const pocket = await Pocket.open([pupil, visit(COMPLETE, { state: "submitted" })]);
  assert.equal((await pocket.get(`/app/fill/${VISIT}`)).headers.get("Location"), `/app/records/${VISIT}`);
  await pocket.post(`/app/fill/${VISIT}/withdraw`, []);
  assert.equal((await pocket.view(VISIT)).state, "draft");
});

test("a returned record opens with what was asked for, and only that", async () => {
  const returned = {
    reason: "",
    fields: { opinion: "奶奶怎么说？一两句就行。" },
    by: "x",
    at: "2026-11-20T09:30:00+08:00",
  };
  const given = {
    ...COMPLETE,
    result: "met_guardian",
    met: ["pupil"],
    carer: "one_away",
    difficulty: ["none"],
    home_fb: "好",
  };
  const pocket = await Pocket.open([pupil, visit(given, { state: "returned", notes: { returned } })]);
  const { html } = await pocket.visit(`/app/fill/${VISIT}`);
  assert.match(html, /奶奶怎么说？一两句就行。/);
  assert.match(html, /退回，请补1处，其他不用动/);
  assert.doesNotMatch(html, /监护状况/);
  const reply = await pocket.post(
    `/app/fill/${VISIT}`,
    fieldsOf(html, { opinion: "孩子懂事多了", go: "submit" }),
  );
  assert.equal(reply.headers.get("Location"), `/app/records/${VISIT}`);
  const view = await pocket.view(VISIT);
  assert.equal(view.state, "submitted");
  assert.equal(view.fields.opinion, "孩子懂事多了");
  assert.equal(view.pending[0]?.op.base, 7);
});

test("what cannot be stored says so and costs nothing else", async () => {
  const { pocket, path, id } = await opened();
  const pairs: [string, string][] = [
    ...unit("commute", "", ["半小时"]),
    ...unit("result", "", ["met_guardian"]).slice(1),
  ];
  const reply = await pocket.post(path.replace("?", "/field?"), [["s", "home"], ...pairs.slice(1)]);
  assert.match(await reply.text(), /这里只能填数字/);
  const { fields } = await pocket.view(id);
  assert.equal(fields.result, "met_guardian");
  assert.equal("commute" in fields, false);
});

test("a signature vouches for what the guardian saw, never for what only the visitors see", async () => {
  const given = {
    ...COMPLETE,
    result: "met_guardian",
    reason: ["hardship"],
    carer: "one_away",
    home_fb: "家里的事",
    danger: true,
  };
  const pocket = await Pocket.open([pupil, visit(given)]);
  const drawn = JSON.stringify({ path: "M1 1L2 2", width: 300, height: 158 });
  const reply = await pocket.post(`/app/fill/${VISIT}/field`, [...unit("sign", "", [drawn], "7")]);
  assert.equal(reply.status, 200);
  const sign = (await pocket.view(VISIT)).fields.sign as { covers: Record<string, string> };
  assert.equal(sign.covers.carer, await cover("one_away"));
  assert.equal("home_fb" in sign.covers, false);
  assert.equal("danger" in sign.covers, false);
  const { html } = await pocket.visit(`/app/fill/${VISIT}?s=home`);
  assert.doesNotMatch(html, /name="carer"/);
});

test("danger changes nothing but one quiet line", async () => {
  const pocket = await Pocket.open([pupil, visit({ ...COMPLETE, danger: true })]);
  const { html } = await pocket.visit(`/app/fill/${VISIT}?s=private`);
  assert.match(html, new RegExp(`href="/app/call\\?doc=${VISIT}"`));
  const call = await pocket.visit(`/app/call?doc=${VISIT}`);
  assert.match(call.html, /tel:110/);
  assert.match(call.html, /tel:120/);
});

test("nobody else's record can be written in", async () => {
  const pocket = await Pocket.open([
    pupil,
    visit(COMPLETE, {
      meta: { students: [PUPIL], author: "other" },
      fields: { ...COMPLETE, visitors: ["other"] },
    }),
  ]);
  const reply = await pocket.post(`/app/fill/${VISIT}/field`, unit("carer", "", ["one_away"], "7"));
  assert.equal(reply.status, 404);
  assert.equal((await pocket.view(VISIT)).pending.length, 0);
});

test("last visit's answers stand beside the question, never in it", async () => {
  const before = doc(
    "visit",
    "0193cccc-0000-7000-8000-000000000000",
    {
      ...COMPLETE,
      result: "met_guardian",
      carer: "both_away",
      commute: 50,
      occurred_at: "2026-09-18T10:00:00+08:00",
    },
    { form: "home_visit", state: "approved", meta: { students: [PUPIL], author: ME } },
  );
  const { pocket, path, html } = await opened([before]);
  const reply = await pocket.post(path, fieldsOf(html, { result: "met_guardian", go: "next" }));
  const page = await pocket.visit(reply.headers.get("Location") ?? "");
  assert.match(page.html, /9月18日/);
  assert.match(page.html, /50分钟/);
  assert.match(page.html, /name="commute"[^>]*value=""/);
});
