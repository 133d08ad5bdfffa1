import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTERS } from "../../pwa/filters";
import vectors from "../../sync/vectors/filters.json";

for (const given of vectors.cases) {
  test(`filter ${given.filter}: ${given.in}`, () => {
    const filter = FILTERS[given.filter] as ((...args: unknown[]) => string) | undefined;
    assert.equal(filter?.(given.in, { ...given.with, __keywords: true }), given.out);
  });
}
