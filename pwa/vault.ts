/** One user's work at one school: what is shown, and each thing that changes it. */
import { apply } from "./apply";
import { stamp } from "./clock";
import { uuid7 } from "./ids";
import type { Doc, Json, Op, Sibling } from "./protocol";
import { absorb, type Change, continued, type Queued, toOp } from "./queue";
import type { Card, Core, Stored, Writes } from "./records";
import type { Shelf } from "./store";

/** A doc as this phone shows it: the pulled one with own changes on top. */
export interface View extends Doc {
  siblings: Record<string, Sibling[]>;
  notes: Record<string, Json>;
  /** The rev of the pulled doc: what fields rendered from this view name as their base. */
  base: number;
  /** Own ops that the server has not answered yet. */
  pending: Queued[];
  /** Own ops that the server keeps apart. */
  held: Queued[];
  /** Why the office put own ops of this doc away for good, in its words. */
  closed: string[];
}

/** What the office has since done with what the server kept apart: waiting, released, closed. */
function fate(stored: Stored, { stage, client, op }: Queued): string | null | undefined {
  return stage === "held" ? stored.docs.get(`${client}:${op.seq}`)?.state : undefined;
}

/** The reason that the office gave when it closed it. */
export function closedReason(held: Doc | undefined): string {
  const events = held?.notes?.events;
  const last = Array.isArray(events) ? (events.at(-1) as { args?: { reason?: unknown } }) : undefined;
  return String(last?.args?.reason ?? "");
}

/** All of a vault at one moment. */
export class Snapshot {
  private readonly byDoc = new Map<string, Queued[]>();

  constructor(readonly stored: Stored) {
    for (const queued of stored.ops) {
      if (fate(stored, queued) === "released") continue;
      const list = this.byDoc.get(queued.doc);
      if (list) list.push(queued);
      else this.byDoc.set(queued.doc, [queued]);
    }
  }

  get core(): Core {
    return this.stored.core;
  }

  /** The doc with own changes on top; undefined where this phone has nothing of it. */
  view(id: string): View | undefined {
    const pulled = this.stored.docs.get(id) ?? null;
    const own = this.byDoc.get(id) ?? [];
    let doc = pulled;
    for (const queued of own) {
      if (queued.stage !== "held" || (!pulled && queued.op.op === "create")) doc = apply(doc, queued.op);
    }
    if (!doc) return undefined;
    const held = own.filter(({ stage }) => stage === "held");
    const closed = held.filter((queued) => fate(this.stored, queued) === "closed");
    return {
      ...doc,
      siblings: doc.siblings ?? {},
      notes: doc.notes ?? {},
      base: pulled?.rev ?? 0,
      pending: own.filter(({ stage }) => stage === "new" || stage === "sent"),
      held: held.filter((queued) => !closed.includes(queued)),
      closed: closed.map((queued) => closedReason(this.stored.docs.get(`${queued.client}:${queued.op.seq}`))),
    };
  }

  /** All docs of a kind, those that exist only here included. */
  views(kind: string): View[] {
    const ids = new Set<string>();
    for (const doc of this.stored.docs.values()) if (doc.kind === kind) ids.add(doc.id);
    for (const { op } of this.stored.ops) if (op.kind === kind) ids.add(op.doc);
    return [...ids].map((id) => this.view(id)).filter((view) => view !== undefined);
  }

  /** Own ops that the server has not answered yet. */
  get unsent(): Queued[] {
    return this.stored.ops.filter(({ stage }) => stage === "new" || stage === "sent");
  }

  /** How many docs have something unsent: what "3条待同步" counts. */
  get unsentDocs(): string[] {
    return [...new Set([...this.unsent, ...(this.stored.shut ?? [])].map(({ doc }) => doc))];
  }
}

/** An event or a settlement, of which nothing is ever taken in by another op. */
export type Deed = Pick<Op, "kind" | "doc" | "base" | "form" | "form_version"> &
  (
    | { event: string; from?: string; args?: Op["args"] }
    | { set: Op["set"]; sees: Op["sees"]; was?: Op["was"] }
  );

const DAY = 86_400_000;
const KEEP = 30 * DAY;
/** For a client that this phone no longer is, nobody says what is in a backup. */
const OLD_CLIENT = 180 * DAY;

export class Vault {
  constructor(
    readonly card: Card,
    readonly shelf: Shelf,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async snapshot(): Promise<Snapshot> {
    return new Snapshot((await this.shelf.load()) ?? { core: newCore(), docs: new Map(), ops: [] });
  }

  /**
   * Saves one change: into the doc's last op if that was never sent, else as a new op. Durable when it resolves.
   * A doc not known here is created, with the change's `meta`. Rejects (QuotaExceededError) when the phone is full;
   * then nothing has changed.
   */
  async save(change: Change): Promise<void> {
    await this.write(({ core, docs, ops }) => {
      const at = stamp(this.now());
      const own = ops.filter(({ doc }) => doc === change.doc);
      const last = own[own.length - 1];
      const grown = absorb(last, change, at);
      if (last && grown) return { core, writes: { ops: [{ ...last, op: grown }] } };
      const isNew = !docs.has(change.doc) && !own.some(({ op }) => op.op === "create");
      return append(core, toOp(continued(own, change), isNew, core.seq + 1, at));
    });
  }

  /** Queues an event ("submit") or a settlement; nothing where `fits` no longer holds when it is written. */
  async act(deed: Deed, fits: (snap: Snapshot) => boolean = () => true): Promise<void> {
    await this.write((stored) => {
      if (!fits(new Snapshot(stored))) return null;
      const { core } = stored;
      const op = "event" in deed ? "event" : "settle";
      return append(core, { ...deed, op, seq: core.seq + 1, at: stamp(this.now()) });
    });
  }

  /** Removes what is readable and pulled, and keeps every op with whatever it needs: signing out. */
  async clearReadable(): Promise<void> {
    await this.write(({ core }) => ({
      core: { ...core, cursor: null, rebuilding: false, left: core.left + 1 },
      writes: { clear: true },
    }));
  }

  /** The counters, made durable where the vault is new: the client's id must not change any more. */
  async begin(client?: string): Promise<Core> {
    await this.write((stored) => (stored.core.version ? null : { core: newCore(client), writes: {} }));
    return (await this.snapshot()).core;
  }

  /** Forgets the bodies of ops that are in a backup of the server's and older than 30 days. */
  async prune(now: number): Promise<void> {
    await this.write(({ core, ops, shut = [], locked }) => {
      const isOld = (client: string | undefined, seq: number, taken = now) =>
        client === core.client ? seq <= core.durable && now - taken > KEEP : now - taken > OLD_CLIENT;
      const past = ops.filter(({ stage }) => stage === "past");
      const gone = [
        ...past.filter(({ client, op, answered }) => isOld(client, op.seq, answered)),
        ...shut.filter(({ client, seq = 0, delivered }) => isOld(client, seq, delivered)),
      ];
      return gone.length > 0 && !locked ? { core, writes: { forget: gone.map(({ n }) => n) } } : null;
    }, true);
  }

  /** Runs a change against the newest state until no other writer came between; `past` as in `Shelf.load`. */
  async write(
    change: (stored: Stored) => { core: Core; writes: Writes } | null,
    past = false,
  ): Promise<void> {
    for (;;) {
      const stored = await this.shelf.load(past);
      const next = change(stored ?? { core: newCore(), docs: new Map(), ops: [] });
      if (!next || (await this.shelf.commit(stored?.core ?? null, next.core, next.writes))) return;
    }
  }
}

function append(core: Core, op: Op): { core: Core; writes: Writes } {
  const queued: Queued = { n: core.n + 1, client: core.client, doc: op.doc, stage: "new", op };
  return { core: { ...core, seq: op.seq, n: queued.n }, writes: { ops: [queued] } };
}

/** The counters of an empty vault, with a client of its own. */
export function newCore(client: string = uuid7()): Core {
  return {
    version: 0,
    docs: 0,
    client,
    seq: 0,
    n: 0,
    epoch: null,
    cursor: null,
    rebuilding: false,
    drops: [],
    durable: 0,
    skew: 0,
    left: 0,
  };
}
