/** On a browser as old as we promise: without what came after Chrome 90. */
import assert from "node:assert/strict";
import { test } from "node:test";

test("conditions of forms work where Object.hasOwn is missing, and Array.at is put there", async () => {
  Reflect.deleteProperty(Object, "hasOwn");
  Reflect.deleteProperty(Array.prototype, "at");
  await import("../../pwa/older");
  const { evaluate } = await import("../../pwa/cel");
  const answers = { result: "met", difficulty: ["study", "family"] };
  assert.equal(evaluate('f.result == "met" && selected(f.difficulty, "study")', answers, "2026-11-20"), true);
  assert.equal(evaluate('"study" in f.difficulty', answers, "2026-11-20"), true);
  assert.equal([1, 2].at(-1), 2);
});
