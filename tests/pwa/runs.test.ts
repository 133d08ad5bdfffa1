/** All vaults of a phone, one after the other: whose turn it is, what is known after it, and when nothing is left to do. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { contact } from "../../pwa/contact";
import { uuid7 } from "../../pwa/ids";
import { runAll } from "../../pwa/runs";
import { Vault } from "../../pwa/vault";
import { wipedWords } from "../../pwa/wiped";
import { Phone } from "./phone";

let phone: Phone;

beforeEach(async () => {
  phone = await Phone.open();
});

async function runs(asked = true): Promise<boolean> {
  await phone.device.ring.find();
  const outside = { fetch: phone.door.fetch, now: () => phone.now };
  return runAll(phone.device, { ...outside, random: () => 0.5, changed: async () => undefined }, asked);
}

/** Requests that begin so fail as without a signal. */
function cut(path: string): () => void {
  const whole = phone.door.fetch;
  const cutting = (given: string, init?: RequestInit) =>
    given.startsWith(path) ? Promise.reject(new TypeError("offline")) : whole(given, init);
  Object.assign(phone.door, { fetch: cutting });
  return () => Object.assign(phone.door, { fetch: whole });
}

test("it is said whether all went", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  phone.door.reachable = false;
  assert.equal(await runs(), false);
  phone.door.reachable = true;
  assert.equal(await runs(), true);
});

test("before its time nothing is asked, and it is known all the same how much waits", async () => {
  await phone.signIn(phone.a);
  await runs();
  phone.door.reachable = false;
  await phone.write(phone.a, "甲");
  await runs();
  await phone.write(phone.a, "乙");
  const before = phone.door.asked.length;
  assert.equal(await runs(false), false);
  assert.equal(phone.door.asked.length, before);
  assert.equal((await phone.card(phone.a)).unsent, 2);
});

test("what is wrong with one vault keeps another's work from nobody", async () => {
  await phone.signIn(phone.b);
  await phone.write(phone.b, "罗老师写的");
  const { client } = (await (await phone.vault(phone.b)).snapshot()).core;
  await phone.signIn(phone.a);
  const { id } = await phone.card(phone.a);
  Object.assign(phone.device.shelf(id), { load: async () => Promise.reject(new Error("broken")) });
  await runs();
  assert.equal(phone.door.of(client).length, 1);
});

test("an ended device on a network that comes and goes delivers, and is cleared in the end", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "最后的");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  phone.door.session = null;
  phone.door.revoked.add(phone.a.id);
  const { id } = await phone.card(phone.a);
  const back = cut("/sync");
  const outside = { fetch: phone.door.fetch, now: () => phone.now };
  await contact(phone.device, await phone.card(phone.a), outside, true);
  assert.equal((await phone.card(phone.a)).why, "revoked");
  back();
  const shelf = phone.device.shelf(id);
  const { wipe } = phone.device;
  Object.assign(phone.device, { wipe: async () => Promise.reject(new Error("stopped")) });
  await runs();
  assert.equal(phone.door.of(client).length, 1);
  assert.equal(await shelf.waiting(), 0);
  Object.assign(phone.device, { wipe });
  await runs();
  assert.deepEqual(await phone.device.cards(), []);
  assert.deepEqual(phone.door.wiped, ["/vault/wipe"]);
});

async function secondSchool(more: object = {}): Promise<string> {
  const card = await phone.card(phone.a);
  const id = `${phone.a.id}.${uuid7(phone.now)}`;
  const other = { ...card, id, delivery: null, unsent: 0, ...more };
  await phone.device.putCard(other);
  await new Vault(other, phone.device.shelf(id), () => new Date(phone.now)).begin();
  return id;
}

test("ended, and one of two schools never had a pass: the other's is asked with", async () => {
  await phone.signIn(phone.a);
  const id = await secondSchool({ used: 0 });
  phone.door.session = null;
  phone.door.revoked.add(phone.a.id);
  await phone.device.changeCard((await phone.card(phone.a)).id, { signedIn: false, session: false });
  await phone.device.changeCard(id, { session: false });
  await runs();
  assert.deepEqual(await phone.device.cards(), []);
});

test("signed in again after an end: what a second school still says of it clears nothing", async () => {
  await phone.signIn(phone.a);
  const ended = { signedIn: false, session: false, why: "revoked", delivery: `${uuid7()}/of-before` };
  const id = await secondSchool(ended);
  phone.door.revoked.add(String(ended.delivery.split("/")[0]));
  await phone.signIn(phone.a);
  await runs();
  const other = (await phone.device.cards()).find((card) => card.id === id);
  assert.equal(other?.why, "ended");
  assert.match((await phone.ask("/app/me")).html, /李秀芳/);
});

test("a store that is gone: nobody is told that nothing was lost", async () => {
  await phone.signIn(phone.a);
  const card = { ...(await phone.card(phone.a)), wiped: { at: phone.now, unsent: 0 } };
  assert.doesNotMatch(wipedWords(card, new Date(phone.now)), /没有丢/);
});
