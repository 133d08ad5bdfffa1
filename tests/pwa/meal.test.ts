import assert from "node:assert/strict";
import { test } from "node:test";
import { isFinding } from "../../pwa/mealview";
import { doc, fieldsOf, Pocket } from "./pocket";

const MEAL = "0193dddd-0000-5000-8000-000000000002";
const meal = doc("meal", MEAL, {
  date: "2026-11-20",
  sort: "lunch",
  price: 5,
  entitled: 412,
  "dishes/1": { name: "土豆烧鸡块" },
  "dishes/2": { name: "清炒白菜" },
});
const partA = doc(
  "visit",
  "0193cccc-0000-7000-8000-00000000000a",
  { served: 412 },
  { form: "meal_audit_a", state: "submitted", meta: { meal: MEAL, part: "a", author: "other" } },
);

async function begun(docs = [meal]): Promise<{ pocket: Pocket; path: string; html: string; id: string }> {
  const pocket = await Pocket.open(docs);
  const { path, html } = await pocket.visit("/app/new/meal_audit_b");
  return { pocket, path, html, id: path.split("/")[3]?.split("?")[0] ?? "" };
}

test("today's only meal is the one that is audited, its menu and price beside the questions", async () => {
  const { html } = await begun();
  assert.match(html, /土豆烧鸡块、清炒白菜/);
  assert.match(html, /5元/);
});

test("each dish has its line to measure; what is not measured is not stored", async () => {
  const { pocket, path, html, id } = await begun();
  await pocket.post(path, fieldsOf(html, { seen_menu: "same", escort: "present", go: "next" }));
  const page = await pocket.visit(`/app/fill/${id}?s=heat`);
  const degrees = [...page.html.matchAll(/name="(temp\/[^"]+:degrees)"/g)].map(([, name]) => name ?? "");
  assert.equal(degrees.length, 2);
  const reply = await pocket.post(
    `/app/fill/${id}/field?s=heat`,
    fieldsOf(page.html, { [degrees[0] ?? ""]: "62" }),
    { "HX-Request": "true" },
  );
  const shown = await reply.text();
  assert.match(shown, /低于70℃，请回锅再量/);
  assert.match(shown, /class="mark bad"/);
  const temps = Object.entries((await pocket.view(id)).fields).filter(([key]) => key.startsWith("temp/"));
  assert.deepEqual(
    temps.map(([, value]) => value),
    [{ dish: "土豆烧鸡块", degrees: 62 }],
  );
});

test("what is tasted is marked with a tap, one to five", async () => {
  const { pocket, path, html, id } = await begun();
  await pocket.post(path, fieldsOf(html, { seen_menu: "same", escort: "present", go: "next" }));
  const page = await pocket.visit(`/app/fill/${id}?s=end`);
  assert.equal([...page.html.matchAll(/type="radio"[^>]*name="taste:looks"/g)].length, 5);
  await pocket.post(`/app/fill/${id}/field?s=end`, fieldsOf(page.html, { "taste:looks": "4" }), {
    "HX-Request": "true",
  });
  assert.deepEqual((await pocket.view(id)).fields.taste, { looks: 4 });
});

test("each member's part is a record of its own, joined by the meal", async () => {
  const { pocket, path, html, id } = await begun([meal, partA]);
  await pocket.post(path, fieldsOf(html, { seen_menu: "same" }));
  assert.deepEqual((await pocket.view(id)).meta, { meal: MEAL, part: "b" });
  const again = await pocket.visit("/app/new/meal_audit_b");
  assert.match(again.path, new RegExp(`/app/fill/${id}`));
});

test("what was reported stands beside what was counted", async () => {
  const { pocket, path, html } = await begun([meal, partA]);
  const field = path.replace("?", "/field?");
  await pocket.post(field, fieldsOf(html, { seen_count: "371" }));
  const page = await pocket.visit(path);
  assert.match(page.html, /总务处报412，您点了371，差41。两个数都留着。/);
  assert.match(page.html, /is-warn/);
});

test("a gap is a finding above five people and three in a hundred", () => {
  assert.equal(isFinding(412, 371), true);
  assert.equal(isFinding(412, 400), false);
  assert.equal(isFinding(50, 45), false);
  assert.equal(isFinding(50, 44), true);
});

test("without a meal the page says what to do", async () => {
  const { html } = await begun([]);
  assert.match(html, /还没有食谱/);
});
