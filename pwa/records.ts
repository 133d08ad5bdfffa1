/** What the phone keeps, as the rest of the worker sees it: plain records, no word of IndexedDB. */
import type { OpRow } from "./boxes";
import type { Doc } from "./protocol";
import type { Queued } from "./queue";

/** Counters and marks of a vault. `version` grows with every change, `docs` with every change of pulled docs. */
export interface Core {
  version: number;
  docs: number;
  client: string;
  /** The last seq of this client, and the last place in the queue over all clients. */
  seq: number;
  n: number;
  epoch: string | null;
  cursor: string | null;
  /** While true, pulled docs go beside the old ones and replace them when the last page is in. */
  rebuilding: boolean;
  /** Docs that left the scope while own ops for them were still unanswered. */
  drops: string[];
  /** The last seq that is in a finished backup. */
  durable: number;
  /** Server time minus this phone's, in ms. */
  skew: number;
  /** How often somebody has signed out of here: what was asked for before then is not stored after. */
  left: number;
  /** The data key that rows are under; none in a store of before there were vaults. */
  k?: string;
}

/** What is known of a vault without opening it. */
export interface Card {
  id: string;
  user: string;
  name: string;
  phone: string;
  school: string;
  schoolName: string;
  schools: { id: string; name: string }[];
  csrf: string;
  /** Lets finished work be sent for 30 days after the session ended. */
  delivery: string | null;
  /** The client that it is for; not said by an older build: the one of then. */
  client?: string;
  /** False after signing out: then it opens with a contact to the server only. */
  signedIn: boolean;
  /** Whether the browser's session is this person's; not said: as `signedIn`. */
  session?: boolean;
  /** When the server was last asked about the lease or the device, in ms. */
  checked?: number;
  /** Why one is asked for the password again. */
  why?: "ended" | "revoked" | "older" | "left" | "";
  unsent: number;
  used: number;
  /** The shelf was found gone then, with so many records unsent; until the person has read it. */
  wiped?: { at: number; unsent: number } | null;
}

/** The delivery token, if there is one for this client. */
export function passFor({ delivery, client }: Card, wanted: string): string | null {
  return (client ?? wanted) === wanted ? delivery : null;
}

/** How the phone shows itself, and the last thing that syncing said. */
export interface Settings {
  text: "100" | "125" | "150" | "200";
  theme: "auto" | "light" | "dark" | "sun";
  current: string | null;
  /** Who signed out and may still have the browser's session. */
  ending?: string | null;
  [more: string]: unknown;
}

export const DEFAULTS: Settings = { text: "100", theme: "auto", current: null };

/** All of a vault that screens and sync need at once. `ops` are those not yet past, in order. */
export interface Stored {
  core: Core;
  docs: ReadonlyMap<string, Doc>;
  ops: Queued[];
  /** Nothing of it can be read now: `docs` and `ops` are empty. */
  locked?: boolean;
  /** Rows of ops that wait and can't be read: because of that, or because their key is lost. */
  shut?: OpRow[];
}

/** What one transaction writes. */
export interface Writes {
  ops?: Queued[];
  /** Rows as they are to lie there. */
  rows?: OpRow[];
  forget?: number[];
  docs?: Doc[];
  drop?: string[];
  /** Docs of a rebuild in progress; `swap` puts them in place of all others. */
  beside?: Doc[];
  swap?: boolean;
  /** Forgets what an earlier rebuild left unfinished. */
  restart?: boolean;
  clear?: boolean;
}

/** What the last sync said, for the screens. Times in ms of this phone's clock. */
export interface SyncNote {
  state: "none" | "busy" | "ok" | "offline" | "later" | "signin" | "upgrade" | "trouble";
  /** When this was said, and when everything was last in step. */
  at: number;
  okAt: number;
  /** Failures in a row, and the time before which nothing is tried by itself. */
  tries: number;
  next: number;
  /** In this run: own changes answered, and docs that came, by kind. */
  sent: number;
  got: Record<string, number>;
}

export const NEVER_SYNCED: SyncNote = {
  state: "none",
  at: 0,
  okAt: 0,
  tries: 0,
  next: 0,
  sent: 0,
  got: {},
};
