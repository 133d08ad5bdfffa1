/** A phone that goes on as another client, also with what nobody can open any more: nothing is left behind. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fileOf, isReady } from "../../pwa/unsent";
import { Story } from "./forking";

let story: Story;

beforeEach(async () => {
  story = await Story.begin();
});

test("what can't be read goes with the rest under the new number, in its order", async () => {
  const first = await story.signedIn();
  await story.write("旧一", "旧二");
  await story.loseKey();
  await story.write("新");
  story.copied(first);
  assert.equal((await story.sync()).state, "ok");
  const second = await story.client();
  assert.notEqual(second, first);
  assert.deepEqual(story.texts(second), ["旧一", "旧二", "新"]);
  assert.equal(await story.unsent(), 0);
  await story.write("再新");
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(second), ["旧一", "旧二", "新", "再新"]);
});

test("what the server has alike before the difference does not go again", async () => {
  const first = await story.signedIn();
  await story.write("旧一", "旧二");
  const [one] = (await story.snapshot()).unsent;
  assert.ok(one);
  story.door.of(first).push(one.op);
  story.copied(first);
  await story.loseKey();
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(await story.client()), ["旧二"]);
  assert.equal(await story.unsent(), 0);
});

test("a second fork: the row still says where it was sealed", async () => {
  const first = await story.signedIn();
  await story.write("旧");
  await story.loseKey();
  story.copied(first);
  story.onlyFor(first);
  assert.equal((await story.sync()).state, "later");
  const second = await story.client();
  assert.notEqual(second, first);
  story.onlyFor();
  story.copied(second);
  assert.equal((await story.sync()).state, "ok");
  const third = await story.client();
  assert.notEqual(third, second);
  assert.deepEqual(story.texts(third), ["旧"]);
  assert.equal(await story.unsent(), 0);
});

test("before it is sent, the file has it too, once there is a pass", async () => {
  const first = await story.signedIn();
  await story.write("旧一", "旧二");
  await story.loseKey();
  await story.write("新");
  const card = await story.phone.card(story.phone.a);
  const { client: old = "", rows } = { client: first, ...(await story.parcel()) };
  assert.deepEqual([...new Set(rows.map(({ client: of }) => of))], [old]);
  story.copied(first);
  story.onlyFor(first);
  assert.equal((await story.sync()).state, "later");
  const now = await story.parcel();
  assert.ok(isReady(now), "nothing is stranded under the old number");
  const file = JSON.parse((await fileOf(now, new Date(story.phone.now))) ?? "");
  assert.equal(file.client, await story.client());
  assert.deepEqual(
    file.ops.map(({ seq, from }: { seq: number; from?: string }) => [seq, from]),
    [
      [1, `${first}:2`],
      [2, `${first}:3`],
      [3, undefined],
    ],
  );
  assert.equal(file.user, card.user);
});

test("locked after that, it goes by the new client's pass", async () => {
  const first = await story.signedIn();
  await story.write("旧");
  await story.loseKey();
  await story.write("新");
  story.copied(first);
  story.onlyFor(first);
  assert.equal((await story.sync()).state, "later");
  story.onlyFor();
  const second = await story.client();
  story.phone.restart(false);
  await story.sync();
  assert.deepEqual(story.texts(second), ["旧", "新"]);
});

test("a client that somebody else has taken meanwhile: the row opens for whoever sealed it", async () => {
  const first = await story.signedIn();
  await story.write("旧");
  await story.loseKey();
  await story.write("新");
  story.door.give(first, story.phone.b.id);
  assert.equal((await story.sync()).state, "ok");
  assert.deepEqual(story.texts(await story.client()), ["旧", "新"]);
  assert.equal(await story.unsent(), 0);
});

test("another's session in the same browser never takes an earlier person's work", async () => {
  await story.signedIn();
  await story.write("旧");
  await story.loseKey();
  await story.write("新");
  story.door.session = story.phone.b.id;
  story.door.give(await story.client(), story.phone.a.id);
  assert.equal((await story.sync()).state, "signin");
  assert.deepEqual(story.taken(), ["开头"]);
});
