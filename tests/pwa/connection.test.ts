/** A browser that drops connections while it clears a site's data: what was under way is done again, and once. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DBSchema, openDB } from "idb";
import { Connection } from "../../pwa/connection";

interface Rows extends DBSchema {
  rows: { key: number; value: string };
}

/** How often a thing still goes wrong. */
interface Trouble {
  opening: number;
  working: number;
}

let made = 0;

/** A database of its own; its connections are lost as often as `trouble` says, as Chromium loses them. */
function connection(trouble: Trouble): Connection<Rows> {
  const name = `rows-${made++}`;
  return new Connection<Rows>(async () => {
    if (trouble.opening-- > 0) throw new DOMException("The connection was closed.", "AbortError");
    return openDB<Rows>(name, 1, {
      upgrade: (db) => void db.createObjectStore("rows", { autoIncrement: true }),
    });
  });
}

/** Adds a row and tells all there are; the browser ends the transaction where it is in `trouble`. */
async function add(rows: Connection<Rows>, text: string, trouble: Trouble): Promise<string[]> {
  return rows.use(async (db) => {
    const tx = db.transaction("rows", "readwrite");
    const all = tx.store.add(text).then(() => tx.store.getAll());
    if (trouble.working-- > 0) {
      tx.done.catch(() => undefined);
      tx.abort();
    }
    return all;
  });
}

test("what the browser has ended is done again, and is there once", async () => {
  const trouble = { opening: 0, working: 2 };
  assert.deepEqual(await add(connection(trouble), "甲", trouble), ["甲"]);
});

test("opened anew and lost again", async () => {
  const trouble = { opening: 3, working: 1 };
  assert.deepEqual(await add(connection(trouble), "甲", trouble), ["甲"]);
});

test("what goes wrong for ever is said", async () => {
  const trouble = { opening: Number.POSITIVE_INFINITY, working: 0 };
  await assert.rejects(add(connection(trouble), "甲", trouble), { name: "AbortError" });
});

test("what is wrong in itself is not tried again", async () => {
  let tried = 0;
  const work = async () => {
    tried += 1;
    throw new TypeError("wrong");
  };
  await assert.rejects(connection({ opening: 0, working: 0 }).use(work), TypeError);
  assert.equal(tried, 1);
});

test("two that lose the same connection find the next one", async () => {
  const trouble = { opening: 0, working: 2 };
  const rows = connection(trouble);
  const all = await Promise.all([add(rows, "甲", trouble), add(rows, "乙", trouble)]);
  assert.deepEqual(all.at(-1)?.toSorted(), ["乙", "甲"].toSorted());
});
