/** What requests and answers do to the queue and the pulled docs. Pure: a stored state in, what to write out. */
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

/** Room for what stands around the ops in a request. */
const ENVELOPE = 4096;

const isOpen = ({ stage }: Queued) => stage === "new" || stage === "sent";

/** The ops of the next push, within the protocol's limits, and those of them that must be marked as sent first. */
export function take(stored: Stored, most: number): { push: Op[]; marks: Queued[] } {
  const open = stored.ops.filter(isOpen);
  const taken: Queued[] = [];
  let bytes = ENVELOPE;
  for (const queued of open) {
    bytes += byteLength(queued.op) + 1;
    if (taken.length === most || (taken.length > 0 && bytes > MAX_PUSH_BYTES)) break;
    taken.push(queued);
  }
  const marks = taken
    .filter(({ stage }) => stage === "new")
    .map((queued) => ({ ...queued, stage: "sent" as const }));
  return { push: taken.map(({ op }) => op), marks };
}

/** Takes in one answer: results, docs, drops and the cursor together. */
export function answered(stored: Stored, request: SyncRequest, reply: SyncReply, now: number): Next | null {
  const { core } = stored;
  if (core.client !== request.client || core.cursor !== request.pull.cursor) return null;
  const ops = withResults(stored.ops, core.client, reply.results, now);
  const pulled = new Map(reply.docs.map((doc) => [doc.id, doc]));
  const waiting = new Set(ops.filter(isOpen).map(({ doc }) => doc));
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
  const marks = {
    epoch: reply.epoch,
    cursor: reply.cursor,
    rebuilding: core.rebuilding && reply.more,
    drops: leaving.filter((id) => waiting.has(id)),
    durable: reply.durable,
    skew: skewOf(reply.now, now, core.skew),
  };
  if (reply.acked > core.seq) {
    const fresh = forked({ ...stored, ops: settled }, 1);
    return {
      core: { ...fresh.core, ...marks },
      writes: { ...writes, ops: merged(changed, fresh.writes.ops ?? []) },
    };
  }
  return { core: { ...core, ...marks }, writes };
}

function merged(first: Queued[], then: Queued[]): Queued[] {
  return [...new Map([...first, ...then].map((queued) => [queued.n, queued])).values()];
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

/** The server has less of this client than the phone thought: it gets again what it lacks. */
export function gap(stored: Stored, kept: Queued[], expected: number): Next {
  const { core } = stored;
  const lacking = kept.filter(({ client, op }) => client === core.client && op.seq >= expected);
  if (!lacking.some(({ op }) => op.seq === expected)) return renewed(stored, lacking);
  return { core, writes: { ops: lacking.map(asSent) } };
}

function asSent(queued: Queued): Queued {
  const { n, client, doc, op } = queued;
  return { n, client, doc, op, stage: "sent" };
}

/**
 * This database was cloned, or the server lost what the phone no longer has: from now on it is another client, and
 * the given ops are numbered anew. Answers that were already given stay with the old number.
 */
export function renewed(stored: Stored, moving: Queued[]): Next {
  const client = uuid7();
  const ops = moving.map(({ n, doc, op }, i): Queued => {
    return { n, client, doc, op: { ...op, seq: i + 1 }, stage: "new" };
  });
  return { core: { ...stored.core, client, seq: ops.length, durable: 0 }, writes: { ops } };
}

/**
 * Another client from the first op on that the server has differently. What is before it was the same on both sides:
 * the server has it, and its effect comes with the pull.
 */
export function forked(stored: Stored, differs: number): Next {
  const open = stored.ops.filter(isOpen);
  const known = open.filter(({ op }) => op.seq < differs);
  const { core, writes } = renewed(
    stored,
    open.filter(({ op }) => op.seq >= differs),
  );
  return { core, writes: { ops: [...known.map(asDone), ...(writes.ops ?? [])] } };
}

function asDone(queued: Queued): Queued {
  return { ...queued, stage: "done" };
}

/**
 * The server was restored from a backup: everything that it may lack goes again, everything is pulled anew. That is
 * what is above `acked`, and what was in no backup before: a copy of this database may have come first with the same
 * numbers, and only the same results again prove that these ops are there.
 */
export function resynced(stored: Stored, kept: Queued[], problem: Problem, now: number): Next {
  const safe = Math.min(problem.acked ?? 0, stored.core.durable);
  const { client } = stored.core;
  const known = withResults(kept, client, problem.results ?? [], now);
  const again = known.map((queued) =>
    queued.client === client && queued.op.seq > safe ? asSent(queued) : queued,
  );
  const core = { ...stored.core, epoch: problem.epoch ?? null, cursor: null, rebuilding: true };
  return { core, writes: { ops: again.filter((queued, i) => queued !== kept[i]), restart: true } };
}
