/** A connection to one IndexedDB database; store.ts and shelf.ts alone open any. */
import type { DBSchema, IDBPDatabase } from "idb";
import { withSpare } from "./spare";

/** While a site's data is being cleared, what is opened anew can be lost again. */
const TRIES = 9;

/**
 * A connection that is opened when needed, and again when the browser has dropped it: Safari does so at any time,
 * and every browser while it clears a site's data. What was under way has changed nothing then, and is done again.
 */
export class Connection<S extends DBSchema> {
  private db: Promise<IDBPDatabase<S>> | null = null;

  constructor(private readonly connect: (lost: () => void) => Promise<IDBPDatabase<S>>) {}

  async use<T>(work: (db: IDBPDatabase<S>) => Promise<T>): Promise<T> {
    return withSpare(async () => {
      for (let tries = 1; ; tries += 1) {
        const db = this.open();
        try {
          return await work(await db);
        } catch (error) {
          if (tries === TRIES || !isLost(error)) throw error;
          if (this.db === db) this.db = null;
        }
      }
    });
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
  return (
    /^(InvalidState|Abort)Error$/.test(name) || (name === "UnknownError" && /connection/i.test(String(error)))
  );
}
