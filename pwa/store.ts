/**
 * The only door to IndexedDB. One database for the phone (who has used it, its settings) and one for each vault: one
 * user at one school, with a client and a queue of its own, so that nobody's sign-in touches another's unsent work.
 *
 * Every change of a vault is one strict-durability transaction that first checks that nobody wrote in between. Values
 * pass through a `Codec` outside the transaction, so that they can be encrypted: only ids, counters and stages are
 * in the clear.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Doc } from "./protocol";
import type { Queued, Stage } from "./queue";
import {
  type Card,
  type Codec,
  type Core,
  clear,
  DEFAULTS,
  type Settings,
  type Stored,
  type Writes,
} from "./records";

interface OpRow {
  n: number;
  doc: string;
  stage: Stage;
  live?: 1;
  box: unknown;
}
interface DocRow {
  id: string;
  box: unknown;
}
interface VaultSchema extends DBSchema {
  core: { key: string; value: Core };
  notes: { key: string; value: unknown };
  docs: { key: string; value: DocRow };
  beside: { key: string; value: DocRow };
  ops: { key: number; value: OpRow; indexes: { live: number } };
}
interface DeviceSchema extends DBSchema {
  vaults: { key: string; value: Card };
  settings: { key: string; value: unknown };
}

/** A connection that is opened when needed and once more when the browser has dropped it (Safari does). */
class Connection<S extends DBSchema> {
  private db: Promise<IDBPDatabase<S>> | null = null;

  constructor(private readonly connect: (lost: () => void) => Promise<IDBPDatabase<S>>) {}

  async use<T>(work: (db: IDBPDatabase<S>) => Promise<T>): Promise<T> {
    try {
      return await work(await this.open());
    } catch (error) {
      if (!isLost(error)) throw error;
      this.db = null;
      return await work(await this.open());
    }
  }

  private open(): Promise<IDBPDatabase<S>> {
    this.db ??= this.connect(() => {
      this.db = null;
    });
    this.db.catch(() => {
      this.db = null;
    });
    return this.db;
  }

  async close(): Promise<void> {
    const db = await this.db;
    this.db = null;
    db?.close();
  }
}

function isLost(error: unknown): boolean {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  return name === "InvalidStateError" || (name === "UnknownError" && /connection/i.test(String(error)));
}

/** The phone: who has used it, and its settings. */
export class Device {
  private readonly connection = new Connection<DeviceSchema>((lost) =>
    openDB<DeviceSchema>("zoufang", 1, {
      upgrade(db) {
        db.createObjectStore("vaults", { keyPath: "id" });
        db.createObjectStore("settings");
      },
      blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
      terminated: lost,
    }),
  );
  private readonly shelves = new Map<string, Shelf>();

  async settings(): Promise<Settings> {
    return this.connection.use(async (db) => {
      const saved = (await db.get("settings", "all")) as Partial<Settings> | undefined;
      return { ...DEFAULTS, ...saved };
    });
  }

  async change(settings: Partial<Settings>): Promise<void> {
    await this.connection.use(async (db) => {
      const tx = db.transaction("settings", "readwrite", { durability: "strict" });
      const saved = (await tx.store.get("all")) as Partial<Settings> | undefined;
      await tx.store.put({ ...DEFAULTS, ...saved, ...settings }, "all");
      await tx.done;
    });
  }

  async cards(): Promise<Card[]> {
    return this.connection.use((db) => db.getAll("vaults"));
  }

  async putCard(card: Card): Promise<void> {
    await this.connection.use(async (db) => {
      const tx = db.transaction("vaults", "readwrite", { durability: "strict" });
      await tx.store.put(card);
      await tx.done;
    });
  }

  /** Changes some marks of a card; nothing happens where there is none. */
  async changeCard(id: string, marks: Partial<Card>): Promise<void> {
    const card = (await this.cards()).find((known) => known.id === id);
    if (card) await this.putCard({ ...card, ...marks });
  }

  shelf(id: string): Shelf {
    const shelf = this.shelves.get(id) ?? new Shelf(id);
    this.shelves.set(id, shelf);
    return shelf;
  }

  async close(): Promise<void> {
    await this.connection.close();
    for (const shelf of this.shelves.values()) await shelf.close();
  }
}

/** One vault's records. */
export class Shelf {
  private readonly connection: Connection<VaultSchema>;
  private cached: { docs: number; map: ReadonlyMap<string, Doc> } | null = null;

  constructor(
    readonly id: string,
    private readonly codec: Codec = clear,
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

  /** Everything live, or null in an empty vault (new, or wiped by the browser). */
  async load(): Promise<Stored | null> {
    return this.connection.use(async (db) => {
      const tx = db.transaction(["core", "docs", "ops"]);
      const core = await tx.objectStore("core").get("core");
      if (!core) return null;
      const known = this.cached?.docs === core.docs ? this.cached.map : null;
      const docRows = known ? [] : await tx.objectStore("docs").getAll();
      const opRows = await tx.objectStore("ops").index("live").getAll();
      await tx.done;
      const docs = known ?? (await this.readDocs(docRows));
      this.cached = { docs: core.docs, map: docs };
      const ops = (await Promise.all(opRows.map((row) => this.codec.open(row.box)))) as Queued[];
      return { core, docs, ops: ops.sort((a, b) => a.n - b.n) };
    });
  }

  /** Every op whose body is kept, the past ones too, in order. */
  async allOps(): Promise<Queued[]> {
    return this.connection.use(async (db) => {
      const rows = await db.getAll("ops");
      return (await Promise.all(rows.map((row) => this.codec.open(row.box)))) as Queued[];
    });
  }

  /**
   * Writes all or nothing, durable when it resolves. False, and nothing written, when somebody else has written since
   * `before` was loaded (null: the vault must still be empty).
   */
  async commit(before: Core | null, core: Omit<Core, "version" | "docs">, writes: Writes): Promise<boolean> {
    const rows = await this.sealed(writes);
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
      done.push(...rows.ops.map((row) => ops.put(row)));
      done.push(...(writes.forget ?? []).map((n) => ops.delete(n)));
      const versions = { version: (now?.version ?? 0) + 1, docs: (now?.docs ?? 0) + (touchesDocs ? 1 : 0) };
      done.push(tx.objectStore("core").put({ ...core, ...versions }, "core"));
      await Promise.all([...done, tx.done]);
      return true;
    });
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

  private async readDocs(rows: DocRow[]): Promise<ReadonlyMap<string, Doc>> {
    const docs = (await Promise.all(rows.map((row) => this.codec.open(row.box)))) as Doc[];
    return new Map(docs.map((doc) => [doc.id, doc]));
  }

  private async sealed(writes: Writes): Promise<{ docs: DocRow[]; beside: DocRow[]; ops: OpRow[] }> {
    const doc = async (value: Doc): Promise<DocRow> => ({ id: value.id, box: await this.codec.seal(value) });
    const op = async (value: Queued): Promise<OpRow> => {
      const row: OpRow = {
        n: value.n,
        doc: value.doc,
        stage: value.stage,
        box: await this.codec.seal(value),
      };
      if (value.stage !== "past") row.live = 1;
      return row;
    };
    return {
      docs: await Promise.all((writes.docs ?? []).map(doc)),
      beside: await Promise.all((writes.beside ?? []).map(doc)),
      ops: await Promise.all((writes.ops ?? []).map(op)),
    };
  }
}
