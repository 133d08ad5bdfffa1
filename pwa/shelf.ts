/**
 * One vault's records: one database for each user and school, with a client and a queue of its own.
 *
 * Every change is one strict-durability transaction that first checks that nobody wrote in between. Values are
 * encrypted before the transaction (boxes.ts): only ids, counters and stages are in the clear.
 */
import { type DBSchema, openDB } from "idb";
import {
  againRow,
  Boxes,
  type DocRow,
  deliveredRow,
  Locked,
  type OpRow,
  orphaned,
  restarted,
  waits,
} from "./boxes";
import { Connection } from "./connection";
import type { Doc } from "./protocol";
import type { Queued } from "./queue";
import type { Core, Stored, Writes } from "./records";
import type { Ring } from "./ring";

interface VaultSchema extends DBSchema {
  core: { key: string; value: Core };
  notes: { key: string; value: unknown };
  docs: { key: string; value: DocRow };
  beside: { key: string; value: DocRow };
  ops: { key: number; value: OpRow; indexes: { live: number } };
}
/** One vault's records. */
export class Shelf {
  private readonly connection: Connection<VaultSchema>;
  private cached: { docs: number; key?: string; map: ReadonlyMap<string, Doc> } | null = null;

  constructor(
    readonly id: string,
    private readonly ring: Ring,
    /** How the person's data key is kept; undefined: there is none. */
    private readonly locks: (user: string) => Promise<unknown>,
  ) {
    this.connection = new Connection((lost) =>
      openDB<VaultSchema>(`zoufang-${id}`, 1, {
        upgrade(db) {
          db.createObjectStore("core");
          db.createObjectStore("notes");
          db.createObjectStore("docs", { keyPath: "id" });
          db.createObjectStore("beside", { keyPath: "id" });
          db.createObjectStore("ops", { keyPath: "n" }).createIndex("live", "live");
        },
        blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
        terminated: lost,
      }),
    );
  }

  /**
   * Everything live, or null in an empty vault (new, or wiped by the browser). Locked, it has the counters only.
   * `past`: also the ops of which only the body is kept, and rows that nobody can read and that have been delivered.
   */
  async load(past = false): Promise<Stored | null> {
    return this.connection.use(async (db) => {
      const tx = db.transaction(["core", "docs", "ops"]);
      const core = await tx.objectStore("core").get("core");
      if (!core) return null;
      const boxes = this.boxes(core);
      if (boxes.locked) this.cached = null;
      const same = this.cached?.docs === core.docs && this.cached.key === core.k;
      const known = same ? this.cached?.map : null;
      const docRows = known || boxes.locked ? [] : await tx.objectStore("docs").getAll();
      const ops = tx.objectStore("ops");
      const opRows = await (past ? ops : ops.index("live")).getAll();
      await tx.done;
      const shut = opRows.filter((row) => (boxes.locked || boxes.shut(row)) && (past || waits(row)));
      if (boxes.locked) return { core, docs: new Map(), ops: [], locked: true, shut };
      const docs =
        known ?? new Map((await Promise.all(docRows.map((row) => boxes.openDoc(row)))).map((d) => [d.id, d]));
      this.cached = { docs: core.docs, key: core.k, map: docs };
      const own = await Promise.all(opRows.filter((row) => !boxes.shut(row)).map((row) => boxes.openOp(row)));
      return { core, docs, ops: own.sort((a, b) => a.n - b.n), locked: false, shut };
    });
  }

  /** The counters alone: nothing is opened for them. */
  async core(): Promise<Core | undefined> {
    return this.connection.use((db) => db.get("core", "core"));
  }

  private get user(): string {
    return this.id.split(".")[0] ?? "";
  }

  private boxes(core: Pick<Core, "k"> | undefined | null): Boxes {
    return new Boxes(this.id, core?.k, this.ring.key(this.user));
  }

  /**
   * Writes all or nothing, durable when it resolves. False, and nothing written, when somebody else has written since
   * `before` was loaded (null: the vault must still be empty).
   */
  async commit(before: Core | null, core: Omit<Core, "version" | "docs">, writes: Writes): Promise<boolean> {
    const k = before ? before.k : this.ring.key(this.user)?.keyId;
    // A vault that begins while its person's key is shut would never be under any.
    if (!before && !k && (await this.locks(this.user))) throw new Locked();
    const boxes = this.boxes({ k });
    if (boxes.locked && (writes.ops || writes.docs || writes.beside || writes.drop)) throw new Locked();
    const rows = await boxes.rows(writes);
    const touchesDocs = Boolean(writes.docs?.length || writes.drop?.length || writes.swap || writes.clear);
    return this.connection.use(async (db) => {
      const tx = db.transaction(["core", "docs", "beside", "ops"], "readwrite", { durability: "strict" });
      const now = await tx.objectStore("core").get("core");
      if ((now?.version ?? 0) !== (before?.version ?? 0)) {
        tx.abort();
        await tx.done.catch(() => undefined);
        return false;
      }
      const docs = tx.objectStore("docs");
      const beside = tx.objectStore("beside");
      const ops = tx.objectStore("ops");
      const done: Promise<unknown>[] = [];
      if (writes.clear || writes.swap) await docs.clear();
      if (writes.restart) await beside.clear();
      done.push(...rows.docs.map((row) => docs.put(row)));
      done.push(...(writes.drop ?? []).map((id) => docs.delete(id)));
      done.push(...rows.beside.map((row) => beside.put(row)));
      if (writes.swap) done.push(...(await beside.getAll()).map((row) => docs.put(row)));
      if (writes.swap || writes.clear) done.push(beside.clear());
      done.push(...[...rows.ops, ...(writes.rows ?? [])].map((row) => ops.put(row)));
      done.push(...(writes.forget ?? []).map((n) => ops.delete(n)));
      const versions = { version: (now?.version ?? 0) + 1, docs: (now?.docs ?? 0) + (touchesDocs ? 1 : 0) };
      done.push(tx.objectStore("core").put({ ...core, ...versions, ...(k && { k }) }, "core"));
      await Promise.all([...done, tx.done]);
      this.cached = this.after(now, { ...versions, k }, writes);
      return true;
    });
  }

  /** What is known of the docs after a write by this shelf: a first sync needs not open each page again and again. */
  private after(was: Core | undefined, is: Pick<Core, "docs" | "k">, writes: Writes): typeof this.cached {
    const known = this.cached;
    if (!known || known.docs !== was?.docs || known.key !== is.k || writes.swap || writes.clear) return null;
    if (is.docs === was.docs) return known;
    const map = new Map(known.map);
    for (const doc of writes.docs ?? []) map.set(doc.id, doc);
    for (const id of writes.drop ?? []) map.delete(id);
    const sorted = new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1))); // in the store's own order
    return { docs: is.docs, ...(is.k && { key: is.k }), map: sorted };
  }

  /** A small note outside the queue, such as what the last sync said. */
  async note<T>(key: string): Promise<T | undefined> {
    return this.connection.use((db) => db.get("notes", key)) as Promise<T | undefined>;
  }

  async putNote(key: string, value: unknown): Promise<void> {
    await this.connection.use((db) => db.put("notes", value, key));
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** How many docs have something that the server does not have yet; nothing is opened for it. */
  async waiting(): Promise<number> {
    return new Set((await this.opRows()).filter(waits).map(({ doc }) => doc)).size;
  }

  /** Op rows as they lie, in order: what can be told and sent without opening anything. */
  async opRows(): Promise<OpRow[]> {
    return this.connection.use((db) => db.getAll("ops"));
  }

  /** The server has taken these sealed, up to `durable` in a backup. */
  async delivered(ns: number[], durable: number, now: number): Promise<void> {
    await this.rewrite(ns, (row, boxes) => deliveredRow(row, boxes, now), durable);
  }

  /** Marks what goes into a sealed request, or has to go once more; the rows as they are from then on. */
  async resend(ns: number[]): Promise<OpRow[]> {
    return this.rewrite(ns, (row) => (row.stage === "sent" && waits(row) ? row : againRow(row)));
  }

  private async rewrite(
    ns: number[],
    change: (row: OpRow, boxes: Boxes) => OpRow,
    durable?: number,
  ): Promise<OpRow[]> {
    return this.connection.use(async (db) => {
      const tx = db.transaction(["core", "ops"], "readwrite", { durability: "strict" });
      const core = await tx.objectStore("core").get("core");
      if (!core) return [];
      const ops = tx.objectStore("ops");
      const rows: OpRow[] = [];
      let changed = false;
      for (const n of ns) {
        const row = await ops.get(n);
        if (!row) continue;
        const next = change(row, this.boxes(core));
        rows.push(next);
        changed ||= next !== row;
        if (next !== row) await ops.put(next);
      }
      const marks = rows[0]?.client === core.client && durable !== undefined ? { durable } : {};
      // A full phone can't even count, and what is marked already needs no room.
      if (changed) await tx.objectStore("core").put({ ...core, version: core.version + 1, ...marks }, "core");
      await tx.done;
      return rows;
    });
  }

  /** Puts a store of before there were vaults under the key that is open now, whole and at once. */
  async encrypt(): Promise<void> {
    const held = this.ring.key(this.user);
    if (!held) throw new Locked();
    for (;;) {
      const done = await this.connection.use(async (db) => {
        const read = db.transaction(["core", "docs", "beside", "ops"]);
        const core = await read.objectStore("core").get("core");
        if (!core || core.k) return true;
        const [docs, beside, ops] = await Promise.all([
          read.objectStore("docs").getAll(),
          read.objectStore("beside").getAll(),
          read.objectStore("ops").getAll(),
        ]);
        const values = {
          docs: docs.map(({ box }) => box as Doc),
          beside: beside.map(({ box }) => box as Doc),
        };
        const queued = ops.map((row) => ({ ...(row.box as Queued), stage: row.stage }));
        const rows = await this.boxes({ k: held.keyId }).rows({ ...values, ops: queued });
        const tx = db.transaction(["core", "docs", "beside", "ops"], "readwrite", { durability: "strict" });
        const now = await tx.objectStore("core").get("core");
        if (now?.version !== core.version) return false;
        await Promise.all([
          ...rows.docs.map((row) => tx.objectStore("docs").put(row)),
          ...rows.beside.map((row) => tx.objectStore("beside").put(row)),
          ...rows.ops.map((row) => tx.objectStore("ops").put(row)),
          tx.objectStore("core").put({ ...core, version: core.version + 1, k: held.keyId }, "core"),
          tx.done,
        ]);
        return true;
      });
      if (done) return;
    }
  }

  /** The key is lost: what was pulled goes, and what was written stays to be sent sealed. */
  async restart(keyId: string, now: number): Promise<void> {
    this.cached = null;
    await this.connection.use(async (db) => {
      const tx = db.transaction(["core", "docs", "beside", "ops"], "readwrite", { durability: "strict" });
      const core = await tx.objectStore("core").get("core");
      if (!core) return tx.abort();
      const ops = await tx.objectStore("ops").getAll();
      const versions = { version: core.version + 1, docs: core.docs + 1 };
      await Promise.all([
        tx.objectStore("docs").clear(),
        tx.objectStore("beside").clear(),
        ...ops
          .filter((row) => row.k !== undefined && row.k !== keyId)
          .map((row) => tx.objectStore("ops").put(orphaned(row, now))),
        tx.objectStore("core").put({ ...restarted(core, keyId), ...versions }, "core"),
        tx.done,
      ]);
    });
  }
}
