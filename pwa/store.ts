/**
 * The only door to IndexedDB. One database for the phone (who has used it, its settings, how keys are kept) and one for
 * each vault (shelf.ts), so that nobody's sign-in touches another's unsent work.
 */
import { type DBSchema, deleteDB, openDB } from "idb";
import { Connection } from "./connection";
import { uuid7 } from "./ids";
import type { Locks } from "./locks";
import { type Card, DEFAULTS, type Settings } from "./records";
import { Ring } from "./ring";
import { Shelf } from "./shelf";

export type { Shelf } from "./shelf";

interface DeviceSchema extends DBSchema {
  vaults: { key: string; value: Card };
  settings: { key: string; value: unknown };
  locks: { key: string; value: Locks };
}

/** The phone: who has used it, and its settings. */
export class Device {
  private readonly connection = new Connection<DeviceSchema>((lost) =>
    openDB<DeviceSchema>("zoufang", 2, {
      upgrade(db, from) {
        if (from < 1) {
          db.createObjectStore("vaults", { keyPath: "id" });
          db.createObjectStore("settings");
        }
        db.createObjectStore("locks", { keyPath: "user" });
      },
      blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
      terminated: lost,
    }),
  );
  private readonly shelves = new Map<string, Shelf>();

  constructor(readonly ring: Ring = new Ring()) {}

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
    await this.connection.use(async (db) => {
      const tx = db.transaction("vaults", "readwrite", { durability: "strict" });
      const card = await tx.store.get(id);
      if (card) await tx.store.put({ ...card, ...marks });
      await tx.done;
    });
  }

  /** The phone's own id, made once. */
  async id(): Promise<string> {
    return this.connection.use(async (db) => {
      const tx = db.transaction("settings", "readwrite", { durability: "strict" });
      const id = ((await tx.store.get("device")) as string | undefined) ?? uuid7();
      await tx.store.put(id, "device");
      await tx.done;
      return id;
    });
  }

  /** How a person's data key is kept; undefined for who has none on this phone. */
  async locks(user: string): Promise<Locks | undefined> {
    return this.connection.use((db) => db.get("locks", user));
  }

  async allLocks(): Promise<Locks[]> {
    return this.connection.use((db) => db.getAll("locks"));
  }

  async putLocks(locks: Locks): Promise<void> {
    await this.connection.use(async (db) => {
      const tx = db.transaction("locks", "readwrite", { durability: "strict" });
      await tx.store.put(locks);
      await tx.done;
    });
  }

  /** Changes them as they are by then, in one transaction; gives what is kept, undefined where nothing is. */
  async changeLocks(user: string, change: (locks: Locks) => Locks): Promise<Locks | undefined> {
    return this.connection.use(async (db) => {
      const tx = db.transaction("locks", "readwrite", { durability: "strict" });
      const locks = await tx.store.get(user);
      const next = locks && change(locks);
      if (next && next !== locks) await tx.store.put(next);
      await tx.done;
      return next;
    });
  }

  /** Removes all that this phone has of a person. */
  async wipe(user: string): Promise<void> {
    const cards = (await this.cards()).filter((card) => card.user === user);
    for (const { id } of cards) {
      await this.shelf(id).close();
      this.shelves.delete(id);
      await deleteDB(`zoufang-${id}`);
    }
    await this.connection.use(async (db) => {
      const tx = db.transaction(["vaults", "locks"], "readwrite", { durability: "strict" });
      for (const { id } of cards) await tx.objectStore("vaults").delete(id);
      await tx.objectStore("locks").delete(user);
      await tx.done;
    });
  }

  shelf(id: string): Shelf {
    const shelf = this.shelves.get(id) ?? new Shelf(id, this.ring, (user) => this.locks(user));
    this.shelves.set(id, shelf);
    return shelf;
  }

  async close(): Promise<void> {
    await this.connection.close();
    for (const shelf of this.shelves.values()) await shelf.close();
  }
}
