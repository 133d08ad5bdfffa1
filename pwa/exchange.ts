/** What requests and answers do to the queue and the pulled docs. Pure: a stored state in, what to write out. */
import { againRow, type OpRow, pastRow, waits } from "./boxes";
import { uuid7 } from "./ids";
import {
  type Doc,
  MAX_PUSH_BYTES,
  type Op,
  type Problem,
  type Result,
  type SyncReply,
  type SyncRequest,
} from "./protocol";
import { byteLength, type Queued } from "./queue";
import type { Core, Stored, Writes } from "./records";

type Next = { core: Core; writes: Writes };
/** An op of this phone's: one that it can read, or only its row, which goes as it was sealed. */
type Own = Queued | OpRow;

/** Room for what stands around the ops in a request. */
const ENVELOPE = 4096;

export const isOpen = ({ stage }: Queued) => stage === "new" || stage === "sent";
const seqOf = (one: Own) => ("op" in one ? one.op.seq : (one.seq ?? 0));

/** All that can be sent of a client that this phone is or was. */
function own(stored: Stored, client: string): Own[] {
  const rows = (stored.shut ?? []).filter(({ seal }) => seal);
  return [...stored.ops, ...rows].filter((one) => one.client === client);
}

/**
 * The ops of the next push, within the protocol's limits, and those of them that must be marked as sent first. What an
 * earlier client of this phone's has to bring once more comes first, under its own name.
 */
export function take(stored: Stored, most: number): { client: string; push: Op[]; marks: Queued[] } {
  const open = stored.ops.filter(isOpen);
  const client = (most > 0 && open[0]?.client) || stored.core.client;
  const taken: Queued[] = [];
  let bytes = ENVELOPE;
  for (const queued of open) {
    bytes += byteLength(queued.op) + 1;
    const full = taken.length === most || (taken.length > 0 && bytes > MAX_PUSH_BYTES);
    if (full || queued.client !== client) break;
    taken.push(queued);
  }
  const marks = taken
    .filter(({ stage }) => stage === "new")
    .map((queued) => ({ ...queued, stage: "sent" as const }));
  return { client, push: taken.map(({ op }) => op), marks };
}

/** Takes in one answer: results, docs, drops and the cursor together. */
export function answered(stored: Stored, request: SyncRequest, reply: SyncReply, now: number): Next | null {
  const { core, shut = [] } = stored;
  if (core.cursor !== request.pull.cursor) return null;
  const isNow = core.client === request.client;
  const ops = withResults(stored.ops, request.client, reply.results, now);
  const pulled = new Map(reply.docs.map((doc) => [doc.id, doc]));
  const open = ops.filter(isOpen);
  const waiting = new Set(open.map(({ doc }) => doc));
  const leaving = [...new Set([...core.drops, ...reply.drop.map(({ id }) => id)])].filter(
    (id) => !pulled.has(id),
  );
  const drop = leaving.filter((id) => !waiting.has(id));
  const gone = new Set(drop);
  const settled = ops.map((queued) => settle(queued, pulled, gone, !reply.more));
  const erased = settled.filter(({ result }) => result?.params?.erased);
  const changed = settled.filter((queued, i) => queued !== stored.ops[i] && !erased.includes(queued));
  // what is about an erased pupil is kept nowhere, here neither
  const writes: Writes = { ops: changed, drop, forget: erased.map(({ n }) => n) };
  if (core.rebuilding) Object.assign(writes, { beside: reply.docs, swap: !reply.more });
  else writes.docs = reply.docs;
  const next: Core = {
    ...core,
    epoch: reply.epoch,
    cursor: reply.cursor,
    rebuilding: core.rebuilding && reply.more,
    drops: leaving.filter((id) => waiting.has(id)),
    durable: isNow ? reply.durable : core.durable,
    skew: skewOf(reply.now, now, core.skew),
  };
  // A copy of this database went on under this number. What is still open here shows by the answer to it what is whose.
  const copied = isNow && reply.acked > core.seq && open.length + shut.length === 0;
  return { core: copied ? another(next, uuid7(), 0) : next, writes };
}

function withResults(ops: Queued[], client: string, results: Result[], now: number): Queued[] {
  const bySeq = new Map(results.map((result) => [result.seq, result]));
  return ops.map((queued) => {
    const result = queued.client === client && isOpen(queued) ? bySeq.get(queued.op.seq) : undefined;
    if (!result) return queued;
    return { ...queued, stage: result.result === "held" ? "held" : "done", result, answered: now };
  });
}

/** An answered op is past once the pulled doc has it, or no more docs are to come. */
function settle(queued: Queued, pulled: Map<string, Doc>, gone: Set<string>, complete: boolean): Queued {
  if (queued.stage !== "done") return queued;
  const seen = (pulled.get(queued.doc)?.rev ?? -1) >= (queued.result?.rev ?? 0);
  return complete || seen || gone.has(queued.doc) ? { ...queued, stage: "past" } : queued;
}

function skewOf(server: string, now: number, before: number): number {
  const time = Date.parse(server);
  return Number.isNaN(time) ? before : time - now;
}

/** The server has less of a client than the phone thought: it gets again what it lacks. `stored` has the past ops too. */
export function gap(stored: Stored, client: string, expected: number): Next {
  const lacking = own(stored, client).filter((one) => seqOf(one) >= expected);
  if (!lacking.some((one) => seqOf(one) === expected)) return renewed(stored, lacking);
  return { core: stored.core, writes: written(lacking.map(asSent)) };
}

function asSent(one: Own): Own {
  if (!("op" in one)) return againRow(one);
  const { n, client, doc, op } = one;
  return { n, client, doc, op, stage: "sent" };
}

/** What can be read is put into its box anew, a row stays as it lies. */
function written(all: Own[]): Writes {
  return {
    ops: all.filter((one): one is Queued => "op" in one),
    rows: all.filter((one): one is OpRow => !("op" in one)),
  };
}

function another(core: Core, client: string, seq: number): Core {
  return { ...core, client, seq, durable: 0 };
}

/**
 * This database was cloned, or the server lost what the phone no longer has: from now on it is another client, and
 * the given ops are numbered anew with all that no server has seen, in their order. What was in a request and is not given
 * stays with the old number, to be asked for under it.
 */
export function renewed(stored: Stored, given: Own[]): Next {
  const client = uuid7();
  const fresh = own(stored, stored.core.client).filter(({ stage }) => stage === "new");
  const moving = [...new Set([...given, ...fresh])].sort((a, b) => a.n - b.n);
  const writes = written(moving.map((one, i) => renumbered(one, client, i + 1)));
  return { core: another(stored.core, client, moving.length), writes };
}

/** A row is still sealed under its first address, whatever it is called now. */
function renumbered(one: Own, client: string, seq: number): Own {
  if (!("op" in one)) return { ...againRow(one), client, seq, from: one.from ?? `${one.client}:${one.seq}` };
  const { n, doc, op } = one;
  return { n, client, doc, op: { ...op, seq }, stage: "new" };
}

/**
 * Another client from the first op on that the server has differently. What is before it was the same on both sides:
 * the server has it, and its effect comes with the pull.
 */
export function forked(stored: Stored, client: string, differs: number, now: number): Next {
  const open = own(stored, client).filter((one) => ("op" in one ? isOpen(one) : waits(one)));
  const known = written(open.filter((one) => seqOf(one) < differs).map((one) => asDone(one, now)));
  const { core, writes } = renewed(
    stored,
    open.filter((one) => seqOf(one) >= differs),
  );
  const both = (name: "ops" | "rows") => [...(known[name] ?? []), ...(writes[name] ?? [])];
  return { core, writes: { ops: both("ops") as Queued[], rows: both("rows") as OpRow[] } };
}

function asDone(one: Own, now: number): Own {
  return "op" in one ? { ...one, stage: "done", answered: now } : pastRow(one, now);
}

/**
 * The server was restored from a backup: everything that was kept goes again, everything is pulled anew. A copy of this
 * database may have come first with the same numbers, and only results from this life prove that these ops are there.
 * `stored` has the past ops too; `client` is whose request was answered so.
 */
export function resynced(stored: Stored, client: string, problem: Problem, now: number): Next {
  const { core, shut = [] } = stored;
  const known: Own[] = withResults(stored.ops, client, problem.results ?? [], now);
  const rows = shut.filter(({ seal }) => seal);
  const told = new Set(problem.results?.map(({ seq }) => seq));
  const again = [...known, ...rows].map((one) =>
    one.client === client && told.has(seqOf(one)) ? one : asSent(one),
  );
  const before = [...stored.ops, ...rows];
  const writes = written(again.filter((one, i) => one !== before[i]));
  return {
    core: { ...core, epoch: problem.epoch ?? null, cursor: null, rebuilding: true },
    writes: { ...writes, restart: true },
  };
}
