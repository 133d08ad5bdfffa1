/** Ops that nobody can open any more: they reach the server as they lie, by whatever way there is. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { uuid7 } from "../../pwa/ids";
import type { Shelf } from "../../pwa/store";
import { Phone } from "./phone";

let phone: Phone;

beforeEach(async () => {
  phone = await Phone.open();
});

/** An op under a key that is lost, and a newer one; the client that both are of. */
async function lostKey(): Promise<string> {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "旧的");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  phone.restart(false);
  phone.a.password = "新的-5";
  await phone.signIn(phone.a);
  await phone.unlock(phone.a, { afresh: "yes" });
  await phone.write(phone.a, "新的");
  return client;
}

const texts = (client: string) => phone.door.of(client).map(({ set }) => set?.home_fb);

test("a vault without a pass brings it by its session, and all of it goes in order", async () => {
  const client = await lostKey();
  const { id } = await phone.card(phone.a);
  await phone.device.changeCard(id, { delivery: null, client: undefined });
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.deepEqual(texts(client), ["旧的", "新的"]);
});

test("a session that is over is not the end: what can't be read goes by the pass", async () => {
  const client = await lostKey();
  phone.door.session = null;
  assert.equal((await phone.sync(phone.a)).state, "signin");
  assert.deepEqual(texts(client), ["旧的", "新的"]);
});

test("with neither it waits, counted, and goes after the next sign-in", async () => {
  const client = await lostKey();
  const { id } = await phone.card(phone.a);
  await phone.device.changeCard(id, { delivery: null });
  phone.door.session = null;
  assert.equal((await phone.sync(phone.a)).state, "signin");
  assert.deepEqual(texts(client), []);
  assert.equal(await phone.device.shelf(id).waiting(), 2);
  await phone.signIn(phone.a);
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.deepEqual(texts(client), ["旧的", "新的"]);
});

test("a text that grows while a locked phone is about to send: what was marked is what is sent", async () => {
  await phone.signIn(phone.a);
  const visit = uuid7(phone.now);
  await phone.write(phone.a, "一", visit);
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  phone.restart(false);
  const shelf: Shelf = phone.device.shelf((await phone.card(phone.a)).id);
  const mark = shelf.resend.bind(shelf);
  shelf.resend = async (ns) => {
    shelf.resend = mark;
    await phone.unlock(phone.a, { password: phone.a.password });
    await phone.write(phone.a, "一二", visit);
    return mark(ns);
  };
  await phone.sync(phone.a);
  assert.deepEqual(texts(client), ["一二"]);
  assert.equal((await phone.sync(phone.a)).state, "ok", "the same op again is known");
});
