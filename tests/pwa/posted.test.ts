import assert from "node:assert/strict";
import { test } from "node:test";
import type { Form } from "../../pwa/forms";
import { posted } from "../../pwa/posted";
import vectors from "../../sync/vectors/posted.json";

for (const given of vectors.cases) {
  test(`posted: ${given.name}`, () => {
    const found = posted(vectors.form as Form, given.pairs as [string, string][]);
    assert.deepEqual(found.changes, given.changes);
    assert.deepEqual(found.unreadable, given.unreadable ?? []);
  });
}
