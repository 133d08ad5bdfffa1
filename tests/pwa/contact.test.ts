/** Contacts: whose lease is taken, and the pass that a new client needs for what it can't send openly. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fileOf, parcelOf } from "../../pwa/unsent";
import { Phone } from "./phone";

const HOUR = 3_600_000;

let phone: Phone;

beforeEach(async () => {
  phone = await Phone.open();
});

test("another's cookie in the browser leaves a locked vault's share alone: its password opens it, offline too", async () => {
  await phone.signIn(phone.a);
  phone.restart(false);
  phone.door.session = phone.b.id;
  phone.now += 2 * HOUR;
  await phone.sync(phone.a);
  assert.equal((await phone.card(phone.a)).session, false);
  phone.door.reachable = false;
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
});

test("a restored server lends another share: the password goes on opening the vault, offline and past the lease", async () => {
  await phone.signIn(phone.a);
  const right = { password: phone.a.password };
  const opens = async (reachable: boolean) => {
    phone.restart(false);
    phone.door.reachable = reachable;
    assert.match((await phone.unlock(phone.a, { password: "x" })).html, /密码不对/);
    assert.equal((await phone.unlock(phone.a, right)).to, "/app/me");
  };
  for (let i = 0; i < 2; i++) {
    phone.door.forgetLent();
    await phone.sync(phone.a);
    await opens(true);
    phone.door.forgetLent();
    await phone.sync(phone.a);
    await opens(true);
    await opens(false);
    phone.door.reachable = true;
    phone.now += 312 * HOUR;
    await phone.sync(phone.a);
  }
  phone.now += 360 * HOUR;
  phone.restart(false);
  phone.door.reachable = false;
  assert.match((await phone.unlock(phone.a, right)).html, /要连上网才能打开/);
  phone.door.reachable = true;
  await phone.sync(phone.a);
  phone.door.reachable = false;
  assert.equal((await phone.unlock(phone.a, right)).to, "/app/me");
});

test("the server in trouble for a moment ends no session, and the lease goes on at the next contact", async () => {
  await phone.signIn(phone.a);
  phone.now += 2 * HOUR;
  const whole = phone.door.fetch;
  const broken = async (path: string, init?: RequestInit) =>
    path.startsWith("/vault") ? new Response("{}", { status: 503 }) : whole(path, init);
  Object.assign(phone.door, { fetch: broken });
  await assert.rejects(phone.sync(phone.a), /503/);
  assert.equal((await phone.card(phone.a)).session, true);
  Object.assign(phone.door, { fetch: whole });
  await phone.sync(phone.a);
  assert.equal((await phone.device.locks(phone.a.id))?.since, phone.now);
});

/** The server has another's op under this client's first number: the phone goes on as another client. */
async function fork(): Promise<string> {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  phone.door.forks = true;
  phone.door.of(client).push({ ...(await opOf("别的手机上的")), seq: 1 });
  await phone.sync(phone.a);
  const now = (await (await phone.vault(phone.a)).snapshot()).core.client;
  assert.notEqual(now, client);
  return now;
}

async function opOf(text: string) {
  const [queued] = (await (await phone.vault(phone.a)).snapshot()).unsent;
  assert.ok(queued);
  return { ...queued.op, set: { home_fb: text } };
}

test("after a fork, what is written and locked away still goes, sealed, as the new client", async () => {
  const client = await fork();
  await phone.write(phone.a, "乙");
  await phone.ask("/app/lock", {});
  await phone.sync(phone.a);
  assert.deepEqual(
    phone.door.of(client).map(({ set }) => set?.home_fb),
    ["甲", "乙"],
  );
});

test("after a fork, a file with unsent work proves itself with the new client's pass", async () => {
  const client = await fork();
  await phone.write(phone.a, "乙");
  const card = await phone.card(phone.a);
  assert.equal(card.delivery, `${phone.a.id}/${client}`);
  const rows = await phone.device.shelf(card.id).opRows();
  const now = new Date(phone.now);
  const file = await fileOf(parcelOf(card, phone.door.key, rows), now);
  assert.equal(JSON.parse(file ?? "{}").client, client);
  const stale = { ...card, client: "of-before" };
  assert.equal(
    await fileOf(parcelOf(stale, phone.door.key, rows), now),
    null,
    "a pass for another is no proof",
  );
});

test("what goes one way says for which school", async () => {
  await phone.signIn(phone.a);
  await phone.sync(phone.a);
  await phone.write(phone.a, "甲");
  phone.door.session = null;
  const schools: (string | null)[] = [];
  const whole = phone.door.fetch;
  const noted = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (headers.has("Authorization") && path === "/sync") schools.push(headers.get("X-School"));
    return whole(path, init);
  };
  Object.assign(phone.door, { fetch: noted });
  await phone.sync(phone.a);
  assert.deepEqual(schools, ["s"]);
});
