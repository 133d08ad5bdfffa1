/** Ops that nobody can open any more: they reach the server as they lie, or stay counted, and hold up nothing else. */
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

test("a vault without a pass gets one at its first contact, and then all of it goes in order", async () => {
  const client = await lostKey();
  const { id } = await phone.card(phone.a);
  await phone.device.changeCard(id, { delivery: null, client: undefined });
  assert.equal((await phone.sync(phone.a)).state, "later");
  assert.ok(
    (await (await phone.vault(phone.a)).snapshot()).core.cursor,
    "what the school has came meanwhile",
  );
  assert.deepEqual(texts(client), []);
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.deepEqual(texts(client), ["旧的", "新的"]);
});

test("what the server will never take stays counted, and what is newer goes as another client", async () => {
  const before = await lostKey();
  phone.door.forks = true;
  const [known] = (await (await phone.vault(phone.a)).snapshot()).unsent;
  assert.ok(known);
  phone.door.of(before).push({ ...known.op, seq: 1, set: { home_fb: "别的手机上的" } });
  assert.equal((await phone.sync(phone.a)).state, "ok");
  const { core, unsent, unsentDocs } = await (await phone.vault(phone.a)).snapshot();
  assert.notEqual(core.client, before);
  assert.deepEqual(texts(core.client), ["新的"]);
  assert.equal(unsent.length, 0);
  assert.equal(unsentDocs.length, 1, "it is still said that one is not at the school");
  await phone.write(phone.a, "再新的");
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.deepEqual(texts(core.client), ["新的", "再新的"]);
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
