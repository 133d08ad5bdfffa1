/** A server that is restored after a phone has gone on as another client: what that client had brought comes again. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Op } from "../../pwa/protocol";
import { Story, textOf } from "./forking";

let story: Story;

beforeEach(async () => {
  story = await Story.begin();
});

/** Acknowledged as two clients, one after the other; a backup of before the given part of it. */
async function twoClients(
  shut: boolean,
): Promise<{ first: string; second: string; backups: Map<string, Op[]>[] }> {
  const first = await story.signedIn();
  const backups = [story.door.backup()];
  await story.write("一", "二");
  if (shut) await story.loseKey();
  assert.equal((await story.sync()).state, "ok");
  backups.push(story.door.backup());
  story.copied(first);
  await story.write("三");
  assert.equal((await story.sync()).state, "ok");
  const second = await story.client();
  backups.push(story.door.backup());
  await story.write("四");
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(second), ["三", "四"]);
  return { first, second, backups };
}

for (const shut of [false, true]) {
  const what = shut ? "what can't be read" : "what was acknowledged";
  test(`restored: ${what} goes again as the client that it was of`, async () => {
    const { first, second, backups } = await twoClients(shut);
    const news: string[] = [];
    for (const lacking of ["四", "三四", "一二三四"]) {
      story.door.restore(backups.pop() ?? new Map());
      news.push(`新${news.length}`);
      await story.write(news.at(-1) ?? "");
      story.door.log.length = 0;
      assert.equal((await story.sync()).state, "ok");
      assert.deepEqual(story.texts(first).slice(0, 3), ["开头", "一", "二"]);
      assert.deepEqual(story.texts(second).slice(0, 2), ["三", "四"]);
      assert.equal(await story.client(), second);
      const order = story.door.log.map(([, op]) => textOf(op));
      assert.deepEqual(order, [...lacking, ...news], "what it lacked, in the order in which it was written");
      assert.equal(await story.unsent(), 0);
    }
  });

  test(`restored, and killed or cut off anywhere: ${what} is there once`, async () => {
    const { backups } = await twoClients(shut);
    const [lost] = backups;
    assert.ok(lost);
    for (let at = 0; at < 14; at++) {
      story.door.restore(lost);
      await story.write(`新${at}`);
      if (at % 2) story.door.answers = at >> 1;
      else dies(at >> 1);
      await story.sync().catch(() => undefined);
      story.door.answers = Number.POSITIVE_INFINITY;
      story.phone.restart();
      for (let i = 0; i < 3; i++) await story.sync();
      assert.equal((await story.sync()).state, "ok");
      const all = [...Array(at + 1).keys()].map((n) => `新${n}`);
      assert.deepEqual(story.taken().sort(), ["一", "三", "二", "四", "开头", ...all].sort(), `at ${at}`);
    }
  });
}

/** The worker is killed before its write of this number. */
function dies(after: number): void {
  const id = `${story.phone.a.id}.s`;
  const shelf = story.phone.device.shelf(id);
  let left = after;
  for (const name of ["commit", "resend", "delivered"] as const) {
    const write = shelf[name].bind(shelf) as (...given: unknown[]) => Promise<unknown>;
    const dying = async (...given: unknown[]) => {
      if (left-- <= 0) throw new Error("killed");
      return write(...given);
    };
    Object.assign(shelf, { [name]: dying });
  }
}

test("restored to before what is still kept: it goes on as another client, in its order", async () => {
  const { first, second, backups } = await twoClients(false);
  const old = backups[0];
  assert.ok(old);
  old.set(first, []);
  await (await story.vault()).write(({ core, ops }) => {
    const begun = ops.find(({ op }) => textOf(op) === "开头");
    return begun ? { core, writes: { forget: [begun.n] } } : null;
  }, true);
  story.door.restore(old);
  await story.write("五");
  story.door.log.length = 0;
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(first), []);
  const third = await story.client();
  assert.deepEqual(story.texts(third), ["一", "二"]);
  assert.deepEqual(story.texts(second), ["三", "四", "五"]);
  assert.deepEqual(
    story.door.log.map(([, op]) => textOf(op)),
    ["一", "二", "三", "四", "五"],
  );
  assert.equal(await story.unsent(), 0);
});

test("restored, and a copy was there first under the old name: from there on it is another client's", async () => {
  const { first, backups } = await twoClients(false);
  const old = backups[0];
  assert.ok(old);
  story.door.restore(old);
  story.copied(first);
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(first), ["开头", "另一台的"]);
  assert.deepEqual(story.taken().slice(2).sort(), ["一", "二", "三", "四"].sort());
  assert.equal(await story.unsent(), 0);
});

test("restored before the new client ever pushed: what came before it comes first", async () => {
  const first = await story.signedIn();
  const backup = story.door.backup();
  await story.write("一");
  assert.equal((await story.sync()).state, "ok");
  story.copied(first);
  await story.write("二");
  story.onlyFor(first);
  assert.equal((await story.sync()).state, "later");
  story.onlyFor();
  story.door.restore(backup);
  story.door.log.length = 0;
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(
    story.door.log.map(([, op]) => textOf(op)),
    ["一", "二"],
  );
});

test("restored, and a copy was there first: what is written next is not taken for the copy's", async () => {
  const client = await story.signedIn();
  const backup = story.door.backup();
  await story.write("一");
  assert.equal((await story.sync()).state, "ok");
  story.door.restore(backup);
  story.copied(client);
  await story.write("二");
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(client), ["开头", "另一台的"]);
  assert.deepEqual(story.texts(await story.client()), ["一", "二"]);
  assert.equal(await story.unsent(), 0);
});

test("restored while the phone is locked: what goes sealed says which life it knows, and what it is after", async () => {
  const client = await story.signedIn();
  const backup = story.door.backup();
  await story.write("一");
  assert.equal((await story.sync()).state, "ok");
  await story.write("二");
  story.door.restore(backup);
  await story.phone.ask("/app/lock", {});
  await story.sync();
  assert.deepEqual(story.texts(client), ["开头", "一", "二"]);
  assert.deepEqual(story.door.deliveries, [["e", [2, 3]]]);
});

test("restored from a backup of before what the phone still has: it goes on as another client", async () => {
  const client = await story.signedIn();
  const backup = story.door.backup();
  await story.write("一");
  story.door.durable = 2;
  assert.equal((await story.sync()).state, "ok");
  story.phone.now += 31 * 86_400_000;
  await story.phone.signIn(story.phone.a);
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(await story.rows(), [], "what is in a backup and a month old is not kept");
  story.door.restore(backup);
  story.copied(client);
  assert.equal((await story.sync()).state, "ok");
  await story.write("二");
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(client), ["开头", "另一台的"]);
  assert.deepEqual(story.texts(await story.client()), ["二"]);
});
