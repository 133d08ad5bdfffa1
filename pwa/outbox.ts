/**
 * Push, then pull, until both sides have everything (sync/PROTOCOL.md). Whatever goes wrong, nothing of the queue is
 * lost: an op leaves it only with the server's answer, and its body stays until the server has it in a backup.
 */
import { Locked } from "./boxes";
import { answered, forked, gap, resynced, take } from "./exchange";
import { type Op, type Problem, problemName, type SyncReply, type SyncRequest, VERSION } from "./protocol";
import { type Card, NEVER_SYNCED, passFor, type SyncNote } from "./records";
import { again, deliverSealed } from "./sealed";
import type { Vault } from "./vault";
import { freshCsrf, isOurs, type Net, readProblem, readReply, Stop, send, timely } from "./wire";

export type { Net } from "./wire";

const PAGE = 400;
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 15 * 60_000;
/** More rounds than any honest exchange needs: a server that never finishes does not hold the phone for ever. */
const ROUNDS = 1_000;

/** One run: ends in step, or with a note that says why not and when to try again. Never rejects for a network. */
export async function run(vault: Vault, net: Net): Promise<SyncNote> {
  const before = (await vault.shelf.note<SyncNote>("sync")) ?? NEVER_SYNCED;
  if ((await vault.shelf.load())?.locked) return runLocked(vault, net, before);
  let note: SyncNote = { ...before, state: "busy", at: net.now(), sent: 0, got: {} };
  const tell = async (next: SyncNote) => {
    note = next;
    await vault.shelf.putNote("sync", note);
    await net.progress(note);
  };
  await tell(note);
  try {
    await rounds(vault, net, () => note, tell);
    await vault.prune(net.now());
    await tell({ ...note, state: "ok", at: net.now(), okAt: net.now(), tries: 0, next: 0 });
  } catch (error) {
    if (error instanceof Locked) return away(tell, note);
    const stop = error instanceof Stop ? error : new Stop("trouble");
    if (!(error instanceof Stop)) console.error(error);
    if (stop.state === "none") return away(tell, note);
    const wait = Math.max(stop.wait, backOff(before.tries, net.random()));
    await tell({
      ...note,
      state: stop.state,
      at: net.now(),
      tries: before.tries + 1,
      next: net.now() + wait,
    });
  }
  return note;
}

/** Locked while it ran: nothing failed, and nothing is known that was not known before. */
async function away(tell: (next: SyncNote) => Promise<void>, note: SyncNote): Promise<SyncNote> {
  const next: SyncNote = { ...note, state: "none", next: 0 };
  await tell(next);
  return next;
}

/** Nothing can be read: what waits goes sealed, and nothing comes in. What the last open run said stays. */
async function runLocked(vault: Vault, net: Net, before: SyncNote): Promise<SyncNote> {
  const sent = await deliverSealed(vault, (path, init) => timely(net, path, init), net.now).catch(() => "");
  const done = sent === "all";
  const wait = done ? 0 : net.now() + backOff(before.tries, net.random());
  const note: SyncNote = { ...before, tries: done ? 0 : before.tries + 1, next: wait };
  if (note.state === "busy") note.state = "none";
  await vault.shelf.putNote("sync", note);
  await net.progress(note);
  return note;
}

/** Doubling, at most a quarter of an hour, spread by half. */
export function backOff(tries: number, random: number): number {
  return Math.min(FIRST_WAIT * 2 ** Math.min(tries, 20), LONGEST_WAIT) * (0.75 + random / 2);
}

async function rounds(
  vault: Vault,
  net: Net,
  note: () => SyncNote,
  tell: (note: SyncNote) => Promise<void>,
): Promise<void> {
  const course = { most: 200, csrf: vault.card.csrf, freshCsrf: false };
  const { left } = await vault.begin();
  let free = true;
  for (let i = 0; i < ROUNDS; i++) {
    free &&= await bringShut(vault, net);
    const request = await next(vault, free ? course.most : 0);
    const reply = await post(vault.card, net, request, course);
    if (reply === "again") continue;
    if (!reply.ok) {
      await refused(vault, net, reply.problem, reply.status, reply.wait, course);
      continue;
    }
    await vault.write((stored) => {
      if (stored.core.left !== left) throw new Stop("signin");
      if (stored.locked) throw new Stop("none");
      return answered(stored, request, reply.body, net.now());
    });
    const got = { ...note().got };
    for (const { kind } of reply.body.docs) got[kind] = (got[kind] ?? 0) + 1;
    await tell({ ...note(), at: net.now(), sent: note().sent + reply.body.results.length, got });
    const waiting = (await vault.snapshot()).unsent;
    if (waiting.some(({ op }) => request.push?.some(({ seq }) => seq === op.seq))) throw new Stop("trouble");
    if (reply.oneWay && waiting.length === 0) throw new Stop("signin");
    if (!reply.body.more && !free) throw new Stop("later");
    if (!reply.body.more && waiting.length === 0) return;
  }
  throw new Stop("trouble");
}

/**
 * What can't be read any more goes before what is pushed now: the server takes a client's ops in order only. False
 * where it can't go yet: then things only come in. What the server will never take stays, counted, under the client that
 * it is for, and what can be read goes on as another.
 */
async function bringShut(vault: Vault, net: Net): Promise<boolean> {
  const { shut = [], core } = (await vault.snapshot()).stored;
  if (!shut.some(({ client }) => client === core.client)) return true;
  const sent = await deliverSealed(vault, (path, init) => timely(net, path, init), net.now, true);
  if (sent === "never") await vault.write((now) => forked(now, 1));
  return sent !== "later";
}

/** The next request, its ops marked as sent beforehand. */
async function next(vault: Vault, most: number): Promise<SyncRequest> {
  let push: Op[] = [];
  await vault.write((stored) => {
    const taken = take(stored, most);
    push = taken.push;
    return taken.marks.length > 0 ? { core: stored.core, writes: { ops: taken.marks } } : null;
  });
  const core = await vault.begin();
  const pull = { cursor: core.cursor, limit: PAGE };
  return { protocol: VERSION, epoch: core.epoch, client: core.client, push, pull };
}

interface Course {
  most: number;
  csrf: string;
  freshCsrf: boolean;
}
type Reply =
  | { ok: true; body: SyncReply; oneWay?: boolean }
  | { ok: false; status: number; problem: Problem; wait: number }
  | "again";

const NOT_SIGNED_IN: Reply = { ok: false, status: 401, problem: {}, wait: 0 };

async function post(card: Card, net: Net, request: SyncRequest, course: Course): Promise<Reply> {
  if (!(card.session ?? card.signedIn)) return deliver(card, net, request);
  const headers = { "X-CSRFToken": course.csrf, "X-School": card.school };
  const response = await send(net, request, headers, "same-origin");
  if (response.ok) return { ok: true, body: await readReply(response) };
  const problem = await readProblem(response);
  const stale = response.status === 403 && problemName(problem) === "csrf" && !course.freshCsrf;
  if (stale) {
    course.csrf = await freshCsrf(net);
    course.freshCsrf = true;
    return "again";
  }
  const wait = (Number(response.headers.get("Retry-After")) || 0) * 1000;
  if (response.status === 401) return deliver(card, net, request);
  return { ok: false, status: response.status, problem, wait };
}

/** The one-way door of an expired session: what was written goes out, nothing comes in. */
async function deliver(card: Card, net: Net, request: SyncRequest): Promise<Reply> {
  const token = passFor(card, request.client);
  if (!token || !request.push?.length) return NOT_SIGNED_IN;
  const headers = { Authorization: `Delivery ${token}`, "X-School": card.school };
  const response = await send(net, request, headers, "omit");
  if (!response.ok) return NOT_SIGNED_IN;
  const body = await readReply(response);
  return {
    ok: true,
    oneWay: true,
    body: { ...body, docs: [], drop: [], cursor: request.pull.cursor, more: true },
  };
}

/** Brings the queue into the shape that the server asks for, or ends the run. */
async function refused(
  vault: Vault,
  net: Net,
  problem: Problem,
  status: number,
  wait: number,
  course: Course,
): Promise<void> {
  const name = problemName(problem);
  const kept = await vault.shelf.allOps();
  if (status === 409 && name === "gap") {
    if (!(await again(vault, problem.expected ?? 1)))
      await vault.write((now) => gap(now, kept, problem.expected ?? 1));
  } else if (status === 409 && name === "fork") await vault.write((now) => forked(now, problem.differs ?? 1));
  else if (status === 409 && name === "resync") {
    await vault.write((now) => resynced(now, kept, problem, net.now()));
    await again(vault, (problem.acked ?? 0) + 1);
  } else if (status === 413 && course.most > 1) course.most = Math.ceil(course.most / 4);
  else if (status === 403 && name === "client") {
    // Another person signed in here meanwhile: the request went under their session, and the client is as it was.
    if (!(await isOurs(vault, net))) throw new Stop("signin");
    await vault.write((now) => forked(now, 1));
  } else if (status === 409 && name === "upgrade") throw new Stop("upgrade");
  else if (status === 401) throw new Stop("signin");
  else throw new Stop(status === 429 || status >= 500 ? "later" : "trouble", wait);
}
