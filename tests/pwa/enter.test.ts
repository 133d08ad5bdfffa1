/** Coming in when something goes wrong half-way: nothing lies in the clear, and no way in is closed. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { random, toText } from "../../pwa/crypto/bytes";
import { Keeper } from "../../pwa/locks";
import { Phone } from "./phone";

const DAY = 86_400_000;

let phone: Phone;

beforeEach(async () => {
  phone = await Phone.open();
});

async function loseShelf(): Promise<void> {
  const { id } = await phone.card(phone.a);
  await phone.device.shelf(id).close();
  await new Promise((resolve) => {
    indexedDB.deleteDatabase(`zoufang-${id}`).onsuccess = resolve;
  });
  phone.restart(false);
}

test("a vault whose store is gone stays locked after a wrong password", async () => {
  await phone.signIn(phone.a);
  await loseShelf();
  assert.match((await phone.unlock(phone.a, { password: "x" })).html, /密码不对/);
  assert.match((await phone.ask("/app/me")).to, /unlock/);
  await assert.rejects(phone.write(phone.a, "没有锁"), { name: "Locked" });
  await phone.unlock(phone.a, { password: phone.a.password });
  await phone.ask("/app/me");
  await phone.write(phone.a, "有锁");
  assert.doesNotMatch(await phone.stored(phone.a), /有锁/);
});

test("its store gone and its password changed: the old one opens it, and what is written then is under lock", async () => {
  const old = phone.a.password;
  await phone.signIn(phone.a);
  await loseShelf();
  phone.a.password = "新的-3";
  assert.equal(await phone.signIn(phone.a), "/app/unlock");
  await phone.unlock(phone.a, { password: old });
  await phone.ask("/app/me");
  await phone.write(phone.a, "有锁");
  assert.doesNotMatch(await phone.stored(phone.a), /有锁/);
});

test("a worker stopped between the new key and the shelves: the next page puts them under it", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "以前的");
  const until = new Date(phone.now + 14 * DAY).toISOString();
  const lease = { user: phone.a.id, share: toText(random(32)), until, key: phone.door.key };
  await new Keeper(phone.device, () => phone.now).make(phone.a.id, phone.a.password, lease, phone.now);
  phone.restart(false);
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
  assert.match((await phone.ask("/app/me")).html, /李秀芳/);
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsentDocs.length, 1, "still to be sent");
});

test("a page that slept through a new key and hands out the old one opens nothing and spoils nothing", async () => {
  await phone.signIn(phone.a);
  const old = phone.page;
  phone.restart(false);
  phone.a.password = "新的-4";
  await phone.signIn(phone.a);
  await phone.unlock(phone.a, { afresh: "yes" });
  await phone.write(phone.a, "以后的");
  phone.restart();
  phone.page = old;
  assert.match((await phone.ask("/app/me")).to, /unlock/);
  await phone.unlock(phone.a, { password: phone.a.password });
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsent[0]?.op.set?.home_fb, "以后的");
});

test("signed in, and the answer about the key is lost: the session is no longer the other's", async () => {
  await phone.signIn(phone.a);
  const whole = phone.door.fetch;
  const lost = async (path: string, init?: RequestInit) => {
    if (path.startsWith("/vault")) throw new TypeError("lost");
    return whole(path, init);
  };
  Object.assign(phone.door, { fetch: lost });
  assert.match(
    (await phone.ask("/app/signin", { phone: phone.b.phone, password: phone.b.password })).html,
    /没有信号/,
  );
  Object.assign(phone.door, { fetch: whole });
  assert.equal(phone.door.session, phone.b.id);
  assert.equal((await phone.card(phone.a)).session, false);
});

test("what is learned about the locks at one time is not undone by what was read before", async () => {
  await phone.signIn(phone.a);
  phone.restart(false);
  const keeper = new Keeper(phone.device, () => phone.now);
  const until = new Date(phone.now + 30 * DAY).toISOString();
  const lease = { user: phone.a.id, share: toText(random(32)), until, key: phone.door.key };
  const [opened] = await Promise.all([
    keeper.password(phone.a.id, "x"),
    keeper.lend(phone.a.id, lease, phone.now),
    keeper.password(phone.a.id, "y"),
  ]);
  const locks = await phone.device.locks(phone.a.id);
  assert.equal(opened, "wrong");
  assert.equal(locks?.tries, 2);
  assert.equal(locks.until, phone.now + 30 * DAY);
});
