/** A connection to one IndexedDB database; store.ts and shelf.ts alone open any. */
import type { DBSchema, IDBPDatabase } from "idb";
import { withSpare } from "./spare";

/** A connection that is opened when needed and once more when the browser has dropped it (Safari does). */
export class Connection<S extends DBSchema> {
  private db: Promise<IDBPDatabase<S>> | null = null;

  constructor(private readonly connect: (lost: () => void) => Promise<IDBPDatabase<S>>) {}

  async use<T>(work: (db: IDBPDatabase<S>) => Promise<T>): Promise<T> {
    try {
      return await withSpare(async () => work(await this.open()));
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
