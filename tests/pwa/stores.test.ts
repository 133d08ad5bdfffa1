/**
 * Stores as earlier programs left them on phones (tests/pwa/stores/): each is opened by the program of today, and nothing
 * of it is lost. A fixture is a dump of the databases, written by the code of its time; it never changes.
 *
 * `before-vaults.json`: signed in, pulled once, four visits: taken, held, cut off on the way, never sent; in the clear.
 */
import "./pocket";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { contact } from "../../pwa/contact";
import type { Op } from "../../pwa/protocol";
import type { Queued } from "../../pwa/queue";
import { Door } from "./door";
import { Phone } from "./phone";

interface StoreDump {
  name: string;
  keyPath: string | null;
  indexes: { name: string; keyPath: string }[];
  rows: { key?: IDBValidKey; value: unknown }[];
}
interface Dump {
  name: string;
  version: number;
  stores: StoreDump[];
}

const TEXTS = ["奶奶说已经传上去了。", "学校没有接收的这一条。", "传到一半断了线。", "还没有传过的这一条。"];
const KNOWN = ["龙䶮", "老鸦沟村", ...TEXTS];

function fixture(name: string): Dump[] {
  return JSON.parse(readFileSync(`tests/pwa/stores/${name}.json`, "utf-8")) as Dump[];
}

/** Puts the databases back as they lay on the phone. */
async function lay(dump: Dump[]): Promise<void> {
  for (const { name, version, stores } of dump) {
    const open = indexedDB.open(name, version);
    open.onupgradeneeded = () => {
      for (const { name, keyPath, indexes, rows } of stores) {
        const store = open.result.createObjectStore(name, { keyPath });
        for (const index of indexes) store.createIndex(index.name, index.keyPath);
        for (const { key, value } of rows) store.put(value, key);
      }
    };
    await new Promise((done, failed) => {
      open.onsuccess = done;
      open.onerror = failed;
    });
    open.result.close();
  }
}

test("a store of before there were vaults: usable at once, under lock from the next sign-in, and nothing lost", async () => {
  const dump = fixture("before-vaults");
  await lay(dump);
  const queue = (dump[1]?.stores.find(({ name }) => name === "ops")?.rows ?? []).map(({ value }) => value);
  const before = queue.map((row) => (row as { box: Queued }).box);
  const client = before[0]?.client ?? "";
  const phone = new Phone();
  phone.now = Date.parse("2026-11-20T14:40:00+08:00");
  phone.a.id = "0193aaaa-0000-7000-8000-000000000001";
  phone.door = await Door.open([phone.a, phone.b], () => phone.now);
  phone.door.restore(new Map([[client, before.slice(0, 2).map(({ op }) => op)]]));
  phone.door.epoch = "0193abcd-0000-7000-8000-000000000001";
  phone.door.session = phone.a.id;

  const lain = await phone.stored(phone.a);
  for (const text of KNOWN) assert.match(lain, new RegExp(text), "the control: it lies there to be read");
  assert.match((await phone.ask("/app/pupils")).html, /龙䶮/);
  assert.match((await phone.ask("/app/")).html, /data-text="150"/, "the size of text is as it was");
  const card = await phone.card(phone.a);
  await contact(phone.device, card, { fetch: phone.door.fetch, now: () => phone.now }, false);
  assert.match((await phone.ask("/app/signin")).html, /新版本给手机里的记录加了锁/);
  assert.equal(await phone.signIn(phone.a), "/app/");

  const lies = await phone.stored(phone.a);
  for (const text of KNOWN) assert.doesNotMatch(lies, new RegExp(text), "under lock");
  const snap = await (await phone.vault(phone.a)).snapshot();
  const bodies = (ops: Queued[]) => ops.map(({ n, client, stage, op }) => ({ n, client, stage, op }));
  assert.deepEqual(bodies(snap.stored.ops), bodies(before.slice(1)), "each as it was, with client and seq");
  const rows = await (await phone.vault(phone.a)).shelf.opRows();
  assert.deepEqual(
    rows.map(({ n, client, seq, stage }) => ({ n, client, seq, stage })),
    before.map(({ n, client, op, stage }) => ({ n, client, seq: op.seq, stage })),
  );
  assert.equal(snap.view("0193cccc-0000-7000-8000-000000000001")?.fields.name, "龙䶮");
  assert.equal(snap.view("0193bbbb-0000-7000-8000-000000000002")?.held.length, 1);

  await phone.sync(phone.a);
  const taken = phone.door.of(client).map(({ set }: Op) => set?.home_fb);
  assert.deepEqual(taken, TEXTS, "what was on its way and what never went, once each and in order");
});
