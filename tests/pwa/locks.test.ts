/** Vaults: who gets in, with what, and what stays when somebody does not. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { contact } from "../../pwa/contact";
import type { Card } from "../../pwa/records";
import type { Person } from "./door";
import { Phone } from "./phone";
import { doc } from "./pocket";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const PUPIL = "龙䶮";

let phone: Phone;

beforeEach(async () => {
  phone = await Phone.open();
});

async function withPupil(who: Person): Promise<void> {
  const vault = await phone.vault(who);
  const docs = [doc("student", "p", { name: PUPIL })];
  await vault.write(({ core }) => ({ core: { ...core, cursor: "1" }, writes: { docs } }));
}

test("a sign-in opens at once, and nothing that can be read is stored", async () => {
  assert.equal(await phone.signIn(phone.a), "/app/first");
  await withPupil(phone.a);
  await phone.write(phone.a, `${PUPIL}先写作业`);
  assert.match((await phone.ask("/app/pupils/p")).html, new RegExp(PUPIL));
  assert.doesNotMatch(await phone.stored(phone.a), /龙䶮|先写作业/);
});

test("the open key outlives the worker in the page, and goes with the page", async () => {
  await phone.signIn(phone.a);
  phone.restart();
  assert.match((await phone.ask("/app/me")).html, /李秀芳/);
  phone.restart(false);
  assert.equal((await phone.ask("/app/me")).to, "/app/unlock?back=%2Fapp%2Fme");
});

test("without a signal the password opens it; a wrong one says so and then makes one wait ever longer", async () => {
  await phone.signIn(phone.a);
  await withPupil(phone.a);
  phone.restart(false);
  phone.door.reachable = false;
  for (let i = 0; i < 3; i++) {
    assert.match((await phone.unlock(phone.a, { password: "x" })).html, /密码不对/);
  }
  assert.match((await phone.unlock(phone.a, { password: phone.a.password })).html, /请等5秒再试/);
  phone.now += 6_000;
  assert.match((await phone.unlock(phone.a, { password: "x" })).html, /密码不对/);
  phone.now += 6_000;
  assert.match((await phone.unlock(phone.a, { password: phone.a.password })).html, /请等\d+秒再试/);
  phone.now += 6_000;
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
  assert.match((await phone.ask("/app/pupils/p")).html, new RegExp(PUPIL));
});

test("five minutes away or a quarter of an hour untouched lock it", async () => {
  await phone.signIn(phone.a);
  phone.now += 4 * MINUTE;
  assert.equal((await phone.ask("/app/me")).to, "");
  phone.now += 6 * MINUTE;
  assert.match((await phone.ask("/app/me")).to, /unlock/);
  assert.equal(phone.page, null);
  await phone.unlock(phone.a, { password: phone.a.password });
  for (let i = 0; i < 4; i++) {
    phone.now += 4 * MINUTE;
    phone.device.ring.seen((i + 1) * 4 * MINUTE);
  }
  assert.match((await phone.ask("/app/me")).to, /unlock/);
});

test("a PIN wakes what dozes; wrong five times, it takes the password", async () => {
  await phone.signIn(phone.a);
  await phone.ask("/app/locks/pin", { pin: "4711" });
  await phone.ask("/app/lock", {});
  assert.match((await phone.ask("/app/me")).to, /unlock/);
  assert.match((await phone.ask("/app/unlock")).html, /数字密码/);
  assert.equal((await phone.unlock(phone.a, { pin: "4711" })).to, "/app/me");
  await phone.ask("/app/lock", {});
  for (let i = 0; i < 4; i++) {
    assert.match((await phone.unlock(phone.a, { pin: "0000" })).html, /数字不对/);
    phone.restart();
  }
  assert.match((await phone.unlock(phone.a, { pin: "0000" })).html, /请用密码打开/);
  assert.equal(phone.page, null);
  assert.match((await phone.unlock(phone.a, { pin: "4711" })).html, /请用密码打开/);
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
});

test("the lease: without a contact it opens until its end, then only with one, and nothing is lost", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "十四天");
  phone.restart(false);
  phone.door.reachable = false;
  phone.now += 11 * DAY + 1;
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
  assert.match((await phone.ask("/app/stand")).html, /最晚12月4日要连一次网/);
  phone.now += 2 * DAY;
  await phone.ask("/app/me");
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
  assert.match((await phone.ask("/app/stand")).html, /今天要连一次网/);
  phone.now += 2 * DAY;
  phone.restart();
  assert.match((await phone.ask("/app/me")).to, /unlock/);
  assert.match((await phone.ask("/app/unlock")).html, /太久没有连网/);
  assert.match((await phone.unlock(phone.a, { password: phone.a.password })).html, /要连上网才能打开/);
  phone.door.reachable = true;
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsent.length, 1);
});

test("each contact renews the lease, also of a vault that is locked", async () => {
  await phone.signIn(phone.a);
  phone.restart(false);
  phone.now += 10 * DAY;
  await phone.sync(phone.a);
  phone.now += 10 * DAY;
  phone.door.reachable = false;
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
});

test("another's sign-in only locks: both open offline, each with their own, nothing touched", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "李老师写的");
  await phone.signIn(phone.b);
  await phone.write(phone.b, "罗老师写的");
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsent.length, 0, "A's can't be read");
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsentDocs.length, 1, "but counted");
  phone.door.reachable = false;
  const list = await phone.ask(`/app/unlock?who=${encodeURIComponent(`${phone.a.id}.s`)}`);
  assert.match(list.html, /罗军/);
  assert.equal((await phone.unlock(phone.a, { password: phone.a.password })).to, "/app/me");
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsent[0]?.op.set?.home_fb, "李老师写的");
  assert.equal((await phone.unlock(phone.b, { password: phone.b.password })).to, "/app/me");
  assert.equal((await (await phone.vault(phone.b)).snapshot()).unsent[0]?.op.set?.home_fb, "罗老师写的");
});

test("opening one's own while the session is another's brings a session too, and no client is lost by it", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  await phone.signIn(phone.b);
  await phone.unlock(phone.a, { password: phone.a.password });
  assert.equal(phone.door.session, phone.a.id);
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.equal(phone.door.of(client).length, 1);
});

test("locked, finished work goes sealed, once, and its results are asked for after", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  await phone.write(phone.a, "乙");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  await phone.ask("/app/lock", {});
  await phone.sync(phone.a);
  await phone.sync(phone.a);
  assert.deepEqual(
    phone.door.of(client).map(({ set }) => set?.home_fb),
    ["甲", "乙"],
  );
  assert.equal(phone.door.asked.filter((one) => one === "POST /sync/sealed").length, 1);
  assert.equal(await phone.device.shelf(`${phone.a.id}.s`).waiting(), 0);
  await phone.unlock(phone.a, { password: phone.a.password });
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.equal((await (await phone.vault(phone.a)).snapshot()).unsent.length, 0);
  assert.equal(phone.door.of(client).length, 2);
});

test("a reply that is lost on the way out of a locked vault costs nothing", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  await phone.ask("/app/lock", {});
  const whole = phone.door.fetch;
  Object.assign(phone.door, {
    fetch: async (path: string, init?: RequestInit) => {
      await whole(path, init);
      throw new TypeError("lost");
    },
  });
  await phone.sync(phone.a).catch(() => undefined);
  Object.assign(phone.door, { fetch: whole });
  await phone.sync(phone.a);
  assert.equal(phone.door.of(client).length, 1);
  assert.equal(await phone.device.shelf(`${phone.a.id}.s`).waiting(), 0);
});

test("signing out: the rest stays and says how much, the password alone opens nothing, and it is sent all the same", async () => {
  await phone.signIn(phone.a);
  await withPupil(phone.a);
  phone.door.reachable = false;
  await phone.write(phone.a, "没传的");
  assert.match((await phone.ask("/app/signout")).html, /还有1条没有传上去/);
  await phone.ask("/app/signout", {});
  const out = (await phone.ask("/app/signin")).html;
  assert.match(out, /已退出。还有1条没传，留在这台手机里/);
  assert.match(out, new RegExp(`value="${phone.a.phone}"`));
  assert.match((await phone.unlock(phone.a, { password: phone.a.password })).html, /没有信号/);
  phone.door.reachable = true;
  phone.door.session = null;
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  await phone.sync(phone.a);
  assert.equal(phone.door.of(client).length, 1);
  assert.equal(await phone.signIn(phone.a), "/app/");
  const snap = await (await phone.vault(phone.a)).snapshot();
  assert.equal(snap.unsent.length, 1, "its result is still to come");
  assert.equal(snap.views("student").length, 0);
});

test("a store of before there were vaults is put under lock at the first sign-in, with all that it holds", async () => {
  const card = { ...bare(phone.a), signedIn: true, unsent: 1 };
  await phone.device.putCard(card);
  await phone.device.change({ current: card.id });
  await withPupil(phone.a);
  await phone.write(phone.a, `${PUPIL}以前写的`);
  assert.match(await phone.stored(phone.a), /龙䶮/, "the control: it was there to be read");
  assert.match((await phone.ask("/app/pupils/p")).html, new RegExp(PUPIL), "and usable until a contact");
  phone.door.session = phone.a.id;
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  phone.door.reachable = false;
  await phone.sync(phone.a).catch(() => undefined);
  phone.door.reachable = true;
  await contact(phone.device, card, { fetch: phone.door.fetch, now: () => phone.now }, false);
  assert.equal((await phone.ask("/app/me")).to, "/app/signin");
  assert.match((await phone.ask("/app/signin")).html, /新版本给手机里的记录加了锁/);
  assert.equal(await phone.signIn(phone.a), "/app/");
  const snap = await (await phone.vault(phone.a)).snapshot();
  assert.equal(snap.core.client, client);
  assert.equal(snap.unsent[0]?.op.set?.home_fb, `${PUPIL}以前写的`);
  assert.equal(snap.views("student").length, 1);
  assert.doesNotMatch(await phone.stored(phone.a), /龙䶮/);
});

function bare({ id, name, phone: number }: Person): Card {
  const about = { user: id, name, phone: number, school: "s", schoolName: "", schools: [], csrf: "c" };
  return { ...about, id: `${id}.s`, delivery: null, signedIn: true, unsent: 0, used: 0 };
}

async function changedElsewhere(): Promise<void> {
  await phone.signIn(phone.a);
  await withPupil(phone.a);
  await phone.write(phone.a, "换密码以前");
  phone.restart(false);
  phone.a.password = "新的-1";
  assert.equal(await phone.signIn(phone.a), "/app/unlock");
  assert.match((await phone.ask("/app/unlock")).html, /旧密码/);
}

test("a changed password: the old one once, then the new one, offline too", async () => {
  const old = phone.a.password;
  await changedElsewhere();
  assert.match((await phone.unlock(phone.a, { password: "什么" })).html, /旧密码不对/);
  assert.equal((await phone.unlock(phone.a, { password: old })).to, "/app/me");
  phone.restart(false);
  phone.door.reachable = false;
  assert.match((await phone.unlock(phone.a, { password: old })).html, /密码不对/);
  assert.equal((await phone.unlock(phone.a, { password: "新的-1" })).to, "/app/me");
  assert.match((await phone.ask("/app/pupils/p")).html, new RegExp(PUPIL));
});

test("a vault that is open takes a new password by itself", async () => {
  await phone.signIn(phone.a);
  phone.a.password = "新的-2";
  assert.equal(await phone.signIn(phone.a), "/app/");
  phone.restart(false);
  phone.door.reachable = false;
  assert.equal((await phone.unlock(phone.a, { password: "新的-2" })).to, "/app/me");
});

test("a forgotten secret: what was written reaches the server first, in order, the rest is pulled again", async () => {
  await changedElsewhere();
  const before = (await (await phone.vault(phone.a)).snapshot()).core;
  assert.equal((await phone.unlock(phone.a, { afresh: "yes" })).to, "/app/me");
  const { core, unsentDocs } = await (await phone.vault(phone.a)).snapshot();
  assert.deepEqual([core.client, core.seq, core.cursor], [before.client, before.seq, null]);
  assert.equal(unsentDocs.length, 1);
  await phone.write(phone.a, "换密码以后");
  assert.equal((await phone.sync(phone.a)).state, "ok");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  assert.deepEqual(
    phone.door.of(client).map(({ seq, set }) => [seq, set?.home_fb]),
    [
      [1, "换密码以前"],
      [2, "换密码以后"],
    ],
  );
  const after = await (await phone.vault(phone.a)).snapshot();
  assert.equal(after.unsentDocs.length, 0);
});

test("what was posted to a vault that had locked meanwhile is stored once it is open", async () => {
  await phone.signIn(phone.a);
  await phone.ask("/app/lock", {});
  const { html } = await phone.ask("/app/look", { text: "150", back: "/app/me" });
  assert.equal(html, "", "what needs no vault goes on");
  const asked = await phone.ask("/app/locks/pin", { pin: "4711" });
  assert.match(asked.html, /name="to" value="\/app\/locks\/pin"/);
  await phone.unlock(phone.a, { password: phone.a.password, to: "/app/locks/pin", "again:pin": "4711" });
  await phone.ask("/app/lock", {});
  assert.match((await phone.ask("/app/unlock")).html, /数字密码/);
});

test("a device that was ended elsewhere: what is on it is delivered, then all of it goes", async () => {
  await phone.signIn(phone.a);
  await withPupil(phone.a);
  await phone.write(phone.a, "最后的");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  phone.door.session = null;
  phone.door.revoked.add(phone.a.id);
  await phone.sync(phone.a);
  assert.equal(phone.door.of(client).length, 1);
  assert.deepEqual(await phone.device.cards(), []);
  assert.equal(await phone.device.locks(phone.a.id), undefined);
  assert.equal(phone.page, null);
  assert.deepEqual(phone.door.wiped, ["/vault/wipe"]);
  assert.match((await phone.ask("/app/signin")).html, /已经交给学校/);
});

test("ended elsewhere while locked: delivered sealed, wiped, and another's vault on the phone stays", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "最后的");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  await phone.signIn(phone.b);
  await phone.write(phone.b, "罗老师写的");
  phone.door.revoked.add(phone.a.id);
  phone.now += 2 * 60 * MINUTE;
  await phone.sync(phone.a);
  assert.equal(phone.door.of(client).length, 1);
  assert.deepEqual(
    (await phone.device.cards()).map(({ user }) => user),
    [phone.b.id],
  );
  assert.deepEqual(
    phone.door.wiped,
    ["/vault/wipe?others=yes"],
    "told, but the browser clears nothing of hers",
  );
  await phone.unlock(phone.b, { password: phone.b.password });
  assert.equal((await (await phone.vault(phone.b)).snapshot()).unsent.length, 1);
});

test("a session that merely ended wipes nothing, and the lock says why one is there", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  phone.door.session = null;
  await phone.sync(phone.a);
  assert.equal((await phone.device.cards()).length, 1);
  await phone.ask("/app/lock", {});
  assert.match((await phone.ask("/app/unlock")).html, /登录已经到期，或者在别处退出了/);
  await phone.unlock(phone.a, { password: phone.a.password });
  assert.equal(phone.door.session, phone.a.id);
});

test("locked while an exchange is under way: nothing has ended, and what waits is sent all the same", async () => {
  await phone.signIn(phone.a);
  await phone.write(phone.a, "甲");
  const { client } = (await (await phone.vault(phone.a)).snapshot()).core;
  const whole = phone.door.fetch;
  const lockedMeanwhile = async (path: string, init?: RequestInit) => {
    const answer = await whole(path, init);
    if (path === "/sync") await phone.ask("/app/lock", {});
    return answer;
  };
  Object.assign(phone.door, { fetch: lockedMeanwhile });
  assert.equal((await phone.sync(phone.a)).state, "none");
  Object.assign(phone.door, { fetch: whole });
  const { session, why } = await phone.card(phone.a);
  assert.deepEqual([session, why], [true, ""]);
  assert.doesNotMatch((await phone.ask("/app/unlock")).html, /登录已经到期/);
  await phone.sync(phone.a);
  assert.equal(phone.door.of(client).length, 1);
  await phone.unlock(phone.a, { password: phone.a.password });
  assert.equal((await phone.sync(phone.a)).state, "ok");
});

test("a server in trouble ends no session, and another's session lends this vault nothing", async () => {
  await phone.signIn(phone.a);
  const whole = phone.door.fetch;
  const broken = async (path: string, init?: RequestInit) =>
    /^\/(vault|session)/.test(path) ? new Response("", { status: 502 }) : whole(path, init);
  const before = await phone.device.locks(phone.a.id);
  const outside = { fetch: broken, now: () => phone.now };
  await assert.rejects(contact(phone.device, await phone.card(phone.a), outside, true), /502/);
  assert.equal((await phone.card(phone.a)).session, true);
  phone.door.session = phone.b.id;
  await contact(phone.device, await phone.card(phone.a), { ...outside, fetch: whole }, true);
  assert.deepEqual((await phone.device.locks(phone.a.id))?.share, before?.share);
  assert.equal((await phone.card(phone.a)).session, false);
});

test("a blocked save stays with the form when another way to open is chosen, and is stored after it", async () => {
  await phone.signIn(phone.a);
  await phone.ask("/app/locks/pin", { pin: "4711" });
  await phone.ask("/app/lock", {});
  const blocked = await phone.ask("/app/locks/pin", { pin: "5822" });
  assert.match(blocked.html, /数字密码/);
  const carried = { to: "/app/locks/pin", "again:pin": "5822", back: "/app/pupils" };
  const { html } = await phone.unlock(phone.a, { ...carried, by: "password" });
  assert.match(html, /id="password"/);
  assert.match(html, /name="to" value="\/app\/locks\/pin"/);
  assert.match(html, /name="again:pin" value="5822"/);
  assert.match(html, /name="back" value="\/app\/pupils"/);
  await phone.unlock(phone.a, { ...carried, password: phone.a.password });
  await phone.ask("/app/lock", {});
  assert.match((await phone.unlock(phone.a, { pin: "4711" })).html, /还可以试4次/);
  assert.equal((await phone.unlock(phone.a, { pin: "5822" })).to, "/app/me");
});

test("a worker that forgot the new password asks for it again, and the old one is not asked for a second time", async () => {
  const old = phone.a.password;
  await changedElsewhere();
  const late = `/app/signin?late=yes&phone=${phone.a.phone}`;
  phone.restart();
  assert.equal((await phone.unlock(phone.a, { mode: "old", afresh: "yes" })).to, late);
  assert.match((await phone.ask(late)).html, /请用新密码再登录一次，没有丢东西/);
  assert.equal((await phone.unlock(phone.a, { mode: "old", password: old })).to, late);
  assert.equal(await phone.signIn(phone.a), "/app/");
  phone.restart(false);
  phone.door.reachable = false;
  assert.equal((await phone.unlock(phone.a, { password: "新的-1" })).to, "/app/me");
});

test("a new key is made only after it was said what happens to what waits", async () => {
  await changedElsewhere();
  const asked = await phone.unlock(phone.a, { afresh: "ask" });
  assert.match(asked.html, /没传上去的1条照样传给学校/);
  assert.match((await phone.unlock(phone.a, { afresh: "no" })).html, /旧密码/);
  phone.door.reachable = false;
  assert.match((await phone.unlock(phone.a, { afresh: "yes" })).html, /现在没有信号/);
  phone.door.reachable = true;
  assert.equal((await phone.unlock(phone.a, { afresh: "yes" })).to, "/app/me");
});
