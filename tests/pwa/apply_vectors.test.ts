import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../pwa/apply";
import type { Doc, Op } from "../../pwa/protocol";
import vectors from "../../sync/vectors/apply.json";

interface Case {
  ops: Op[];
  after: { state: string; fields: Record<string, unknown> };
}

test("the phone shows its own changes as the engine makes them", () => {
  assert.ok(vectors.length > 100);
  for (const [index, { ops, after }] of (vectors as unknown as Case[]).entries()) {
    let doc: Doc | null = null;
    for (const op of ops) doc = apply(doc, op);
    assert.deepEqual({ state: doc?.state, fields: doc?.fields }, after, `case ${index}`);
  }
});
