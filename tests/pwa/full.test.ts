/** A phone without any room: nothing more can be written on it, and what it holds reaches the school all the same. */
import "./pocket";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Phone } from "./phone";

let phone: Phone;
let client: string;
const put = IDBObjectStore.prototype.put;

beforeEach(async () => {
  phone = await Phone.open();
  await phone.signIn(phone.a);
  await phone.sync(phone.a);
  client = (await (await phone.vault(phone.a)).snapshot()).core.client;
});
afterEach(room);

function room(): void {
  IDBObjectStore.prototype.put = put;
}

/** A transaction writes no more than so many ops; at 0 nothing is written at all. */
function full(most = 0): void {
  const written = new WeakMap<IDBTransaction, number>();
  IDBObjectStore.prototype.put = function (...args) {
    const n = (written.get(this.transaction) ?? 0) + Number(this.name === "ops");
    written.set(this.transaction, n);
    if (most === 0 || n > most) throw new DOMException("full", "QuotaExceededError");
    return put.apply(this, args);
  };
}

/** Written, and on its way once when the signal went. */
async function underWay(...texts: string[]): Promise<void> {
  for (const text of texts) await phone.write(phone.a, text);
  const whole = phone.door.fetch;
  let asked = 0; // first it is asked which life the server is in
  const cut = (path: string, init?: RequestInit) =>
    path === "/sync" && asked++ > 0 ? Promise.reject(new TypeError("offline")) : whole(path, init);
  Object.assign(phone.door, { fetch: cut });
  assert.equal((await phone.sync(phone.a)).state, "offline");
  Object.assign(phone.door, { fetch: whole });
}

const texts = () => phone.door.of(client).map(({ set }) => set?.home_fb);

test("what was under way arrives from a full phone, and is answered once there is room", async () => {
  await underWay("甲", "乙");
  await phone.write(phone.a, "丙");
  full();
  assert.equal((await phone.sync(phone.a)).state, "trouble");
  assert.deepEqual(texts(), ["甲", "乙"]);
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsent.length, 3);
  room();
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.deepEqual(texts(), ["甲", "乙", "丙"]);
});

test("a full phone that is locked sends what was under way, sealed", async () => {
  await underWay("甲");
  await phone.write(phone.a, "乙");
  await phone.ask("/app/lock", {});
  full();
  await phone.sync(phone.a);
  assert.deepEqual(texts(), ["甲"]);
  room();
  await phone.sync(phone.a);
  assert.deepEqual(texts(), ["甲", "乙"]);
});

test("a phone with room for next to nothing sends a few at a time", async () => {
  for (const text of ["甲", "乙", "丙"]) await phone.write(phone.a, text);
  full(2);
  await phone.sync(phone.a);
  assert.deepEqual(texts(), ["甲", "乙", "丙"]);
  room();
  assert.equal((await phone.sync(phone.a)).state, "ok");
});

test("never asked for and no room to note it: nothing goes, and nothing is lost", async () => {
  await phone.write(phone.a, "甲");
  full();
  assert.equal((await phone.sync(phone.a)).state, "trouble");
  assert.deepEqual(texts(), []);
  room();
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.deepEqual(texts(), ["甲"]);
});
