/** Walks the phone's pages on a filled phone: stdout [{template, context, html}], what each was rendered from and into. */
import { doc, fieldsOf, ME, Pocket } from "../pwa/pocket";

const id = (letter: string, n: number) => `0193${letter.repeat(4)}-0000-7000-8000-00000000000${n}`;
const PUPIL = id("b", 1);
const VISIT = id("c", 1);
const BUILDING = id("d", 1);
const about = { students: [PUPIL], author: ME };
const guardian = { name: "罗桂英", relation: "奶奶", phone: "13811112222" };
const other = { sibling: "c:41", value: "both_away", by: id("a", 2), at: "2026-11-19T16:40:00+08:00" };
const answers = {
  result: "met_guardian",
  carer: "one_away",
  commute: 45,
  home_fb: "<b>先写作业</b> & 再喂鸡",
  occurred_at: "2026-11-19T17:25:00+08:00",
};
const returned = {
  reason: "请补",
  fields: { opinion: "奶奶怎么说？" },
  by: id("a", 2),
  at: "2026-11-20T09:30:00+08:00",
};
const visit = (n: number, state: string, more = {}) =>
  doc("visit", id("c", n), answers, { form: "home_visit", state, meta: about, ...more });
const duty = doc(
  "duty",
  id("e", 1),
  { students: [PUPIL], form: "home_visit", assignee: ME, due: "2026-11-22" },
  { state: "open" },
);
const DOCS = [
  doc("person", id("a", 2), { name: "贾丽", post: "德育主任" }),
  doc("household", id("8", 1), { village: "老鸦沟村", group: "3组", "guardians/1": guardian }),
  doc("student", PUPIL, {
    name: "龙䶮",
    pinyin: "long yan",
    class: "三(2)班",
    household: id("8", 1),
    alert: "花生过敏",
  }),
  visit(1, "draft", { siblings: { carer: [other] } }),
  visit(2, "returned", { notes: { returned } }),
  visit(3, "approved"),
  duty,
  doc("building", BUILDING, {
    name: "2号楼",
    "rooms/101": { number: "101", beds: [{ bed: "1", student: PUPIL }] },
  }),
  doc("meal", id("e", 5), { date: "2026-11-20", sort: "lunch", price: 5, "dishes/1": { name: "米饭" } }),
];
const PAGES = [
  "/app/",
  "/app/pupils",
  "/app/pupils?for=home_visit",
  "/app/locks",
  `/app/pupils/${PUPIL}`,
  "/app/records",
  "/app/records?tab=apart",
  `/app/records/${VISIT}`,
  `/app/records/${id("c", 3)}`,
  `/app/decide/${VISIT}/carer`,
  "/app/me",
  "/app/export",
  "/app/sync",
  "/app/first",
  "/app/signin",
  "/app/signout",
  "/app/nowhere",
  `/app/new/home_visit?student=${PUPIL}`,
  ...["meet", "home", "talk", "steps", "private"].map((s) => `/app/fill/${VISIT}?s=${s}&check=1`),
  `/app/fill/${id("c", 2)}`,
  "/app/new/night_round",
  "/app/new/meal_audit_b",
  "/app/new/meal_audit_a",
  `/app/call?doc=${VISIT}`,
];

interface Seen {
  template: string;
  context: object;
  html: string;
}

async function walk(docs: typeof DOCS): Promise<Seen[]> {
  const pocket = await Pocket.open(docs);
  const seen: Seen[] = [];
  const render = pocket.env.render;
  pocket.env.render = (template, context) => {
    const html = render(template, context);
    seen.push({ template, context, html });
    return html;
  };
  for (const path of PAGES) {
    const { html } = await pocket.visit(path);
    for (const part of ["/app/records", "/app/pupils", "/app/first"]) {
      if (path === part) await pocket.visit(path, { "HX-Request": "true" });
    }
    if (path === "/app/pupils") await pocket.post(path, [["q", "nobody"]], { "HX-Request": "true" });
    if (path.includes("night_round") && docs.length > 0) await walkRound(pocket);
    if (path.includes("s=meet")) await pocket.post(`/app/fill/${VISIT}/field?s=meet`, fieldsOf(html));
  }
  await pocket.post("/app/lock", []);
  await pocket.visit("/app/unlock");
  return seen;
}

async function walkRound(pocket: Pocket): Promise<void> {
  const { path } = await pocket.visit("/app/new/night_round");
  const round = path.split("?")[0];
  const query = path.split("?")[1];
  const tap: [string, string][] = [["bed", PUPIL]];
  await pocket.post(`${round}/room?room=101&${query}`, tap, { "HX-Request": "true" });
  await pocket.visit(`${round}?s=round&room=101`);
  await pocket.post(`${round}/room?room=101`, [["where", `${PUPIL}:unknown`]]);
  await pocket.visit(`/app/call?doc=${round?.split("/").pop()}&student=${PUPIL}`);
  await pocket.visit(`${round}?s=round`);
}

process.stdout.write(JSON.stringify([...(await walk(DOCS)), ...(await walk([]))]));
