import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluate } from "../../pwa/cel";

const TODAY = "2026-11-21";
const items = (count: number) => Array.from({ length: count }, (_, n) => ({ a: n, b: String(n) }));

test("the budget of items is spent where the server's is", () => {
  const each = "f.items.all(i, f.items.exists(k, num(i.a) == num(k.a)))";
  assert.equal(evaluate(each, { items: items(138) }, TODAY), true);
  assert.equal(evaluate(each, { items: items(139) }, TODAY), null);
  const one = "f.items.all(i, f.items.exists_one(k, num(i.a) == num(k.a))) || true";
  assert.equal(evaluate(one, { items: items(99) }, TODAY), true);
  assert.equal(evaluate(one, { items: items(100) }, TODAY), null);
});

test("what does not read has no value", () => {
  for (const source of [
    "",
    "(",
    "f.",
    "1",
    "1.0 +",
    "true false",
    '"open',
    "f.word ? true",
    "unknown(f.word)",
    "f.some.map(s, s)",
    "f.some.exists(s)",
    "f.word == 'a\\n'",
    "constructor(f.word)",
    '"x".toString()',
    "f.word # comment",
    "1.0.5",
  ]) {
    assert.equal(evaluate(source, { word: "x", some: [] }, TODAY), null, source);
  }
});
