import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { check, type Files } from "./vectors";

const FOLDER = "sync/vectors";
const files: Files = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf-8"))]),
);

for (const [name, { cases, faults }] of Object.entries(await check(files))) {
  test(`the phone does as the server: ${name}, ${cases} cases`, () => {
    assert.deepEqual(faults, []);
    assert.ok(cases > 0);
  });
}
