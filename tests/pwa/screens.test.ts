/** The phone's screens, asked as a page asks the worker: what a person reads there, and what a tap does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Doc, Values } from "../../pwa/protocol";
import { doc, ME, Pocket } from "./pocket";

const LONG = "0193cccc-0000-7000-8000-000000000001";
const OTHER = "0193aaaa-0000-7000-8000-000000000002";
const VISIT = "0193bbbb-0000-7000-8000-000000000001";
/** What every op about that visit says. */
const about = {
  doc: VISIT,
  kind: "visit",
  form: "home_visit",
  formVersion: 1,
  base: 0,
  meta: { students: [LONG] },
};

function village(): Doc[] {
  return [
    doc("household", "h", {
      village: "老鸦沟村",
      group: "8组",
      "guardians/g": { name: "罗桂英", relation: "奶奶", phone: "138 0000 1234" },
    }),
    doc("student", LONG, {
      name: "龙䶮",
      pinyin: "long yan",
      class: "三(2)班",
      sex: "male",
      birth: "2017-05-03",
      household: "h",
    }),
    doc("person", OTHER, { name: "戴达洛", phone: "13911112222" }),
  ];
}

function duty(due: string, more: Values = {}): Doc {
  const fields = { students: [LONG], form: "home_visit", due, assignee: ME, ...more };
  return doc("duty", "0193dddd-0000-7000-8000-000000000001", fields, { state: "open" });
}

function visit(fields: Values, more: Partial<Doc> = {}): Doc {
  const values = { occurred_at: "2026-11-19T16:40:00+08:00", ...fields };
  return doc("visit", VISIT, values, {
    form: "home_visit",
    state: "submitted",
    meta: { students: [LONG], author: ME },
    ...more,
  });
}

async function text(pocket: Pocket, path: string): Promise<string> {
  const { html } = await pocket.visit(path);
  return html
    .replace(/<[^>]+>/g, " ")
    .replace(/&#39;/g, "'")
    .replace(/\s+/g, " ");
}

test("today says what is due, where, and how late, and that there is no signal", async () => {
  const page = await text(await Pocket.open([...village(), duty("2026-11-17")]), "/app/");
  for (const words of [
    "11月20日",
    "星期五",
    "没有信号，照常填写",
    "老鸦沟村 1户",
    "龙䶮",
    "8组",
    "已过3天",
  ]) {
    assert.ok(page.includes(words), words);
  }
});

test("today: this Sunday is said by its name; what is far or another's is not there", async () => {
  assert.match(await text(await Pocket.open([...village(), duty("2026-11-22")]), "/app/"), /周日前/);
  for (const other of [duty("2026-12-31"), duty("2026-11-22", { assignee: OTHER })]) {
    assert.doesNotMatch(await text(await Pocket.open([...village(), other]), "/app/"), /龙䶮/);
  }
});

test("a visit that is written and submitted here takes its pupil off today's list before it is sent", async () => {
  const pocket = await Pocket.open([...village(), duty("2026-11-22")]);
  await pocket.vault.save({
    ...about,
    set: { result: "met_guardian", occurred_at: "2026-11-20T10:00:00+08:00" },
  });
  assert.match(await text(pocket, "/app/"), /周日前/);
  await pocket.vault.act({ kind: "visit", doc: VISIT, base: 0, event: "submit" });
  const page = await text(pocket, "/app/");
  assert.doesNotMatch(page, /周日前/);
  assert.match(page, /1 待同步 都在本机/);
});

test("a supervisor sees tonight's rounds, a parent today's meals and no pupils' tab", async () => {
  const building = doc("building", "b", { name: "2号楼", "rooms/1": { number: "201" } });
  const meal = doc("meal", "m", { date: "2026-11-20", sort: "lunch", "dishes/1": { name: "土豆烧鸡块" } });
  const as = (role: string) => doc("person", ME, { name: "罗军", roles: [role] });
  const dorm = await text(await Pocket.open([building, as("dorm")]), "/app/");
  assert.match(dorm, /今晚点名 2号楼/);
  assert.doesNotMatch(dorm, /学生|记一次走访/);
  const parent = await text(await Pocket.open([meal, as("parent")]), "/app/");
  assert.match(parent, /营养餐审核 午餐 土豆烧鸡块 还没填/);
  assert.doesNotMatch(parent, /学生|记一次走访/);
});

test("the list of pupils is searched, as a part of the page where htmx asks", async () => {
  const pocket = await Pocket.open(village());
  const search = async (q: string) =>
    (await pocket.post("/app/pupils", [["q", q]], { "HX-Request": "true" })).text();
  assert.match(await search("ly"), /三\(2\)班[\s\S]*龙䶮/);
  assert.match(await search("zz"), /没有找到“zz”/);
  assert.doesNotMatch(await search("ly"), /<html/);
  const whole = await pocket.post("/app/pupils", [["q", "龙䶮"]]);
  assert.equal(whole.headers.get("Location"), "/app/pupils", "no name gets into an address");
});

test("a pupil: whom to call with the number masked, the trail, what was found last", async () => {
  const before = visit(
    { carer: "both_away" },
    { id: "0193bbbb-0000-7000-8000-000000000003", state: "approved" },
  );
  const pocket = await Pocket.open([...village(), before, duty("2026-11-17")]);
  const { html } = await pocket.visit(`/app/pupils/${LONG}`);
  assert.match(html, /138\*\*\*\*1234/);
  assert.match(html, /href="tel:13800001234"/);
  const page = await text(pocket, `/app/pupils/${LONG}`);
  for (const words of [
    "9岁",
    "老鸦沟村8组",
    "第1次 11月19日",
    "第2次已过3天，可补访",
    "监护状况 双方外出",
    "已审核",
    "开始家访",
  ]) {
    assert.ok(page.includes(words), words);
  }
});

test("records by where they stand; what was returned says how much is to do", async () => {
  const notes = { returned: { reason: "请补家长意见", fields: { opinion: "写全", home_fb: "" } } };
  const pocket = await Pocket.open([...village(), visit({}, { state: "returned", notes })]);
  assert.match(await text(pocket, "/app/records?tab=apart"), /要处理 1 .*家访 龙䶮 请补2处，其他不用动 退回/);
  assert.match((await pocket.visit("/app/records")).html, new RegExp(`/app/fill/${VISIT}`));
  assert.match(await text(await Pocket.open(), "/app/records"), /还没有记录/);
});

test("two values: nothing is chosen beforehand; the chosen one is settled, once", async () => {
  const siblings = {
    carer: [{ sibling: "c:1", value: "both_away", by: OTHER, at: "2026-11-19T17:25:00+08:00" }],
  };
  const pocket = await Pocket.open([...village(), visit({ carer: "one_away" }, { siblings })]);
  const path = `/app/decide/${VISIT}/carer`;
  const { html } = await pocket.visit(path);
  assert.match(
    await text(pocket, path),
    /监护状况，两个人填得不一样.*一方外出.*双方外出 戴达洛 11月19日 17:25/,
  );
  assert.doesNotMatch(html, /name="keep"[^>]*checked/);
  assert.equal((await pocket.post(path, [])).status, 422);
  await pocket.post(path, [["keep", "c:1"]]);
  await pocket.post(path, [["keep", "c:1"]]);
  const view = await pocket.view(VISIT);
  assert.equal(view.fields.carer, "both_away");
  assert.deepEqual(view.siblings, {});
  assert.deepEqual(
    view.pending.map(({ op }) => [op.op, op.sees]),
    [["settle", { carer: ["c:1"] }]],
  );
});

test("two values: keeping what is shown closes the other; a third may be said", async () => {
  const siblings = { carer: [{ sibling: "c:1", value: "both_away", by: OTHER, at: null }] };
  const path = `/app/decide/${VISIT}/carer`;
  const kept = await Pocket.open([...village(), visit({ carer: "one_away" }, { siblings })]);
  await kept.post(path, [["keep", "shown"]]);
  assert.deepEqual(
    (await kept.view(VISIT)).pending.map(({ op }) => op.set),
    [{}],
  );
  const third = await Pocket.open([...village(), visit({ carer: "one_away" }, { siblings })]);
  await third.post(path, [
    ["keep", "other"],
    ["base:carer", "7"],
    ["was:carer", "one_away"],
    ["carer", "single"],
  ]);
  assert.equal((await third.view(VISIT)).fields.carer, "single");
});

test("the sheet says in words that nothing is lost", async () => {
  const pocket = await Pocket.open(village());
  await pocket.vault.save({ ...about, set: { result: "nobody_home" } });
  assert.match(
    await text(pocket, "/app/sync"),
    /1条都已存本机，关机也不会丢。有信号时自动上传。 待同步 1条 家访 龙䶮/,
  );
});

test("signing out says how much is unsent, and leads to the sign-in that remembers it", async () => {
  const pocket = await Pocket.open(village());
  await pocket.vault.save({ ...about, set: { carer: "one_away" } });
  assert.match(await text(pocket, "/app/signout"), /还有1条没有传上去.*不会丢/);
  await pocket.post("/app/signout", []);
  assert.match(await text(pocket, "/app/"), /手机号/);
  assert.match(await text(pocket, "/app/signin"), /已退出。还有1条没传，留在这台手机里/);
  assert.equal((await pocket.visit(`/app/pupils/${LONG}`)).path, "/app/signin");
  assert.deepEqual((await pocket.snapshot()).unsentDocs, [VISIT]);
});

test("signing in: no signal and a wrong password are said plainly; a right one leads to the first sync", async () => {
  const pocket = await Pocket.open();
  const form: [string, string][] = [
    ["phone", "139 6620 4817"],
    ["password", "secret"],
  ];
  assert.match(await (await pocket.post("/app/signin", form)).text(), /现在没有信号。登录要连一次网/);
  const answers = (status: number, body: object) => async (_path: string, init?: RequestInit) => {
    return init?.method === "POST"
      ? Response.json(body, { status })
      : Response.json({ csrf: "t" }, { status: 401 });
  };
  pocket.env.fetch = answers(401, { type: "/problems/wrong_password" });
  const wrong = await pocket.post("/app/signin", form);
  assert.equal(wrong.status, 422);
  const said = await wrong.text();
  assert.match(said, /手机号或密码不对/);
  assert.doesNotMatch(said, /secret/);
  const school = { id: "s2", name: "石门乡中心小学" };
  const session = {
    user: { id: OTHER, name: "罗军" },
    school: "s2",
    schools: [school],
    csrf: "t2",
    delivery: "d",
  };
  const share = Buffer.alloc(32).toString("base64url");
  const lease = { user: OTHER, share, until: "2026-12-04T06:32:00Z", key: { id: "k", public: "" } };
  const signedIn = answers(201, session);
  pocket.env.fetch = async (path, init) =>
    path.startsWith("/vault") ? Response.json(lease) : signedIn(path, init);
  const right = await pocket.post("/app/signin", form);
  assert.equal(right.headers.get("Location"), "/app/first");
  assert.match(await text(pocket, "/app/first"), /第一次准备/);
});

test("size and theme are kept, also before anybody signs in", async () => {
  const pocket = await Pocket.open();
  await pocket.post("/app/look", [
    ["text", "200"],
    ["theme", "sun"],
    ["back", "/app/me"],
  ]);
  assert.match((await pocket.visit("/app/me")).html, /data-theme="sun" data-text="200"/);
  await pocket.env.device.change({ text: "100", theme: "auto" });
});

test("what is not on this phone, and what breaks, is a page in plain words", async () => {
  const pocket = await Pocket.open();
  for (const path of [
    "/app/nowhere",
    "/app/pupils/unknown",
    "/app/records/unknown",
    "/app/decide/unknown/carer",
  ]) {
    const response = await pocket.get(path);
    assert.equal(response.status, 404, path);
    assert.match(await response.text(), /这部手机里没有这一页/);
  }
  const { respond } = await import("../../pwa/respond");
  const broken = {
    ...pocket.env,
    now: () => {
      throw new Error("bug");
    },
  };
  const response = await respond(new Request("https://school.example/app/"), broken);
  assert.equal(response.status, 500);
  assert.match(await response.text(), /没有丢/);
});

test("a person of two schools changes between them; each has its own records and its own client", async () => {
  const pocket = await Pocket.open(village());
  const [card] = (await pocket.env.device.cards()).filter(({ id }) => id === pocket.vault.card.id);
  assert.ok(card);
  const schools = [
    { id: "s", name: "石门乡中心小学" },
    { id: "s2", name: "磨盘完小" },
  ];
  await pocket.env.device.putCard({ ...card, schools });
  assert.match(await text(pocket, "/app/me"), /换到磨盘完小/);
  await pocket.post("/app/school", [["school", "s2"]]);
  assert.doesNotMatch(await text(pocket, "/app/pupils"), /龙䶮/);
  assert.equal((await pocket.post("/app/school", [["school", "s9"]])).status, 404);
  const other = pocket.env.device.shelf(`${ME}.s2`);
  assert.notEqual((await other.load())?.core.client, (await pocket.snapshot()).core.client);
});
