/** Room on the phone: said in time, in words, on 今天, on the sync sheet and at 我的. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, type Space } from "../../pwa/storage";
import { doc, NOW, Pocket } from "./pocket";

const ROOMY: Space = { used: 3e6, quota: 2e9, kept: true, spare: true };
const PUPIL = "0193bbbb-0000-7000-8000-000000000001";

async function phone(space: Space | null): Promise<Pocket> {
  const pocket = await Pocket.open([doc("student", PUPIL, { name: "覃佑建" })]);
  pocket.env.space = async () => space;
  return pocket;
}

async function write(pocket: Pocket, daysAgo: number): Promise<void> {
  const then = new Date(NOW.getTime() - daysAgo * 86_400_000);
  const { now } = pocket.env;
  pocket.env.now = () => then;
  await pocket.post(`/app/fill/0193cccc-0000-7000-8000-000000000001/field?form=home_visit&student=${PUPIL}`, [
    ["base:note", "0"],
    ["was:note", ""],
    ["note", "路滑。"],
  ]);
  pocket.env.now = now;
}

test("a phone with room and nothing old to send says nothing", async () => {
  const pocket = await phone(ROOMY);
  await write(pocket, 1);
  for (const path of ["/app/", "/app/sync"]) {
    const { html } = await pocket.visit(path);
    assert.doesNotMatch(html, /net warn/);
  }
});

test("a phone that runs out of room says so before anything is at risk, and that the records are there", async () => {
  const pocket = await phone({ ...ROOMY, used: 1.97e9 });
  for (const path of ["/app/", "/app/sync"]) {
    const { html } = await pocket.visit(path);
    assert.match(html, /手机只剩30MB可用。记录都在/);
  }
});

test("a phone that has given up its spare place says that it is full, and that all was stored", async () => {
  const pocket = await phone({ ...ROOMY, spare: false });
  for (const path of ["/app/", "/app/sync"]) {
    const { html } = await pocket.visit(path);
    assert.match(html, /手机空间满了，正用备用的一点。记录都存上了/);
  }
});

test("work that waits for more than three days is spoken of, with what to do", async () => {
  const pocket = await phone(ROOMY);
  await write(pocket, 4);
  for (const path of ["/app/", "/app/sync"]) {
    const { html } = await pocket.visit(path);
    assert.match(html, /有记录4天没传上去了。都在本机，请找有信号的地方打开一次。/);
  }
});

test("我的 says whether the browser keeps the store, what to do if not, and how much is used", async () => {
  const kept = await (await phone(ROOMY)).visit("/app/me");
  assert.match(kept.html, /已受保护/);
  assert.match(kept.html, /已用3MB，还能用2\.0GB/);
  assert.doesNotMatch(kept.html, /data-protect/);
  const loose = await (await phone({ ...ROOMY, kept: false })).visit("/app/me");
  assert.match(loose.html, /没传的最怕这个/);
  assert.match(loose.html, /data-protect/);
  const silent = await (await phone(null)).visit("/app/me");
  assert.match(silent.html, /这个浏览器不说/);
});

test("sizes are said as phones say them", () => {
  assert.deepEqual([0, 999_999, 1_400_000, 999e6, 2.14e9].map(bytes), [
    "不到1MB",
    "不到1MB",
    "1MB",
    "999MB",
    "2.1GB",
  ]);
});
