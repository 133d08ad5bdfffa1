/** The open key in memory: what is said later counts, whatever was asked before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../pwa/crypto/bytes";
import { rowKey } from "../../pwa/crypto/rows";
import { type Held, Ring } from "../../pwa/ring";

const NOW = 1_000;

async function held(): Promise<Held> {
  const key = await rowKey(random(32));
  const times = { until: NOW * 2, shown: NOW, touched: NOW };
  return { user: "u", keyId: "k", key, server: null, ...times, pin: false, dozing: false };
}

/** A ring whose page answers when the test says so. */
function slow(): { ring: Ring; answers: ((held: Held | null) => void)[] } {
  const answers: ((held: Held | null) => void)[] = [];
  const ask = () => new Promise<Held | null>((resolve) => answers.push(resolve));
  return { ring: new Ring({ ask, tell: async () => undefined }, () => NOW), answers };
}

test("a page that still had the key does not undo a lock that was said after it was asked", async () => {
  const { ring, answers } = slow();
  const asked = ring.find();
  await ring.lock();
  answers[0]?.(await held());
  assert.equal(await asked, null);
  assert.equal(ring.key("u"), null);
});

test("who was asked for before somebody unlocked does not take the place of who is in now", async () => {
  const { ring, answers } = slow();
  const asked = ring.find();
  await ring.put({ ...(await held()), user: "b" });
  answers[0]?.(await held());
  assert.equal((await asked)?.user, "b");
});

test("pages are asked once, however many want to know", async () => {
  const { ring, answers } = slow();
  const both = Promise.all([ring.find(), ring.find()]);
  answers[0]?.(await held());
  assert.deepEqual(
    (await both).map((found) => found?.keyId),
    ["k", "k"],
  );
  assert.equal(answers.length, 1);
});
