/**
 * Push, then pull, until both sides have everything (sync/PROTOCOL.md). Whatever goes wrong, nothing of the queue is
 * lost: an op leaves it only with the server's answer, and its body stays until the server has it in a backup.
 */
import { Locked } from "./boxes";
import { answered, forked, gap, isOpen, resynced, take } from "./exchange";
import { type Op, type Problem, problemName, type SyncReply, type SyncRequest, VERSION } from "./protocol";
import { type Card, NEVER_SYNCED, passFor, type SyncNote } from "./records";
import { type Course, deliverSealed, type Refusal } from "./sealed";
import { isFull, unlessFull } from "./spare";
import type { Vault } from "./vault";
import { freshCsrf, isOurs, type Net, readProblem, readReply, Stop, send } from "./wire";

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
    await say(vault, net, note);
  };
  await tell(note);
  try {
    await rounds(vault, net, () => note, tell);
    await vault.prune(net.now());
    await tell({ ...note, state: "ok", at: net.now(), okAt: net.now(), tries: 0, next: 0 });
  } catch (error) {
    if (error instanceof Locked) return away(tell, note);
    const stop = error instanceof Stop ? error : new Stop("trouble");
    if (!(error instanceof Stop || isFull(error))) console.error(error);
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

/** For the screens. A full phone sends all the same. */
async function say(vault: Vault, net: Net, note: SyncNote): Promise<void> {
  await vault.shelf.putNote("sync", note).catch(unlessFull);
  await net.progress(note);
}

/** Locked while it ran: nothing failed, and nothing is known that was not known before. */
async function away(tell: (next: SyncNote) => Promise<void>, note: SyncNote): Promise<SyncNote> {
  const next: SyncNote = { ...note, state: "none", next: 0 };
  await tell(next);
  return next;
}

/** Nothing can be read: what waits goes sealed, and nothing comes in. What the last open run said stays. */
async function runLocked(vault: Vault, net: Net, before: SyncNote): Promise<SyncNote> {
  const sent = await deliverSealed(vault, net).catch(() => "");
  const done = sent === "all";
  const wait = done ? 0 : net.now() + backOff(before.tries, net.random());
  const note: SyncNote = { ...before, tries: done ? 0 : before.tries + 1, next: wait };
  if (note.state === "busy") note.state = "none";
  await say(vault, net, note);
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
  const { left } = await vault.begin();
  const course = await courseOf(vault);
  for (let i = 0; i < ROUNDS; i++) {
    const request = await next(vault, net, course);
    if (!request) continue;
    const reply = await post(vault.card, net, request, course);
    if (reply === "again") continue;
    const { look } = course;
    course.look = false;
    if (!reply.ok) {
      if (look && reply.status === 401) continue; // the one-way door is for pushes only
      await refused(vault, net, { ...reply, client: request.client }, course);
      continue;
    }
    const noted = vault.write((stored) => {
      if (stored.core.left !== left) throw new Stop("signin");
      if (stored.locked) throw new Stop("none");
      return answered(stored, request, reply.body, net.now());
    });
    await (look ? noted.catch(unlessFull) : noted);
    const got = { ...note().got };
    for (const { kind } of reply.body.docs) got[kind] = (got[kind] ?? 0) + 1;
    await tell({ ...note(), at: net.now(), sent: note().sent + reply.body.results.length, got });
    const waiting = (await vault.snapshot()).unsent;
    const still = waiting.filter(({ client }) => client === request.client).map(({ op }) => op.seq);
    if (request.push?.some(({ seq }) => still.includes(seq))) throw new Stop("trouble");
    if (reply.oneWay && waiting.length === 0) throw new Stop("signin");
    if (!reply.body.more && !course.free) throw new Stop("later");
    if (!look && !reply.body.more && waiting.length === 0) return;
  }
  throw new Stop("trouble");
}

/**
 * How a run begins. A server that was restored has to be asked before it gets what is new: where this client begins, and
 * where ops before it are in no backup. A copy's may have come first under their numbers, and what follows would be taken
 * for the copy's next, made in sight of the copy's.
 */
async function courseOf(vault: Vault): Promise<Course> {
  const { unsent, stored } = await vault.snapshot();
  const waiting = [...unsent.map(({ op }) => op.seq), ...(stored.shut ?? []).map(({ seq }) => seq ?? 0)];
  const { epoch, durable } = stored.core;
  const first = Math.min(...waiting);
  const look = epoch !== null && waiting.length > 0 && (waiting.includes(1) || first > durable + 1);
  return { most: 200, look, free: true, csrf: vault.card.csrf, freshCsrf: false };
}

/**
 * The next request, its ops marked as sent beforehand. What can't be read any more goes before: the server takes a
 * client's ops in order only. Where that can't go yet, things only come in; null where it has to go otherwise.
 */
async function next(vault: Vault, net: Net, course: Course): Promise<SyncRequest | null> {
  if (course.free && !course.look) {
    const shut = await deliverSealed(vault, net, course);
    if (typeof shut !== "string") {
      await refused(vault, net, shut, course);
      return null;
    }
    course.free = shut === "all";
  }
  let push: Op[] = [];
  let client = "";
  let news = 0;
  try {
    await vault.write((stored) => {
      const taken = take(stored, course.free && !course.look ? course.most : 0);
      ({ push, client } = taken);
      news = taken.marks.length;
      return news > 0 ? { core: stored.core, writes: { ops: taken.marks } } : null;
    });
  } catch (error) {
    // A full phone can mark few or none as sent: what was sent before goes, and can't grow any more.
    push = push.slice(0, push.length - news);
    if (!isFull(error) || (push.length === 0 && course.most === 1)) throw error;
    if (push.length === 0) {
      course.most = Math.ceil(course.most / 4);
      return null;
    }
  }
  const core = await vault.begin();
  const pull = { cursor: core.cursor, limit: PAGE };
  return { protocol: VERSION, epoch: core.epoch, client, push, pull };
}

type Reply =
  | { ok: true; body: SyncReply; oneWay?: boolean }
  | { ok: false; status: number; problem: Problem; wait: number }
  | "again";

const NOT_SIGNED_IN: Reply = { ok: false, status: 401, problem: {}, wait: 0 };

async function post(card: Card, net: Net, request: SyncRequest, course: Course): Promise<Reply> {
  if (!(card.session ?? card.signedIn)) return deliver(card, net, request);
  const headers = { "X-CSRFToken": course.csrf, "X-School": card.school };
  const reply = await replyOf(await send(net, request, headers, "same-origin"));
  if (reply.ok) return reply;
  if (reply.status === 401) return deliver(card, net, request);
  if (reply.status !== 403 || problemName(reply.problem) !== "csrf" || course.freshCsrf) return reply;
  course.csrf = await freshCsrf(net, card.user);
  course.freshCsrf = true;
  return "again";
}

async function replyOf(response: Response): Promise<Exclude<Reply, "again">> {
  const { ok, status, headers } = response;
  if (ok) return { ok, body: await readReply(response) };
  const wait = (Number(headers.get("Retry-After")) || 0) * 1000;
  return { ok, status, problem: await readProblem(response), wait };
}

/** The one-way door of an expired session: what was written goes out, nothing comes in. */
async function deliver(card: Card, net: Net, request: SyncRequest): Promise<Reply> {
  const token = passFor(card, request.client);
  if (!token || !request.push?.length) return NOT_SIGNED_IN;
  const headers = { Authorization: `Delivery ${token}`, "X-School": card.school };
  const reply = await replyOf(await send(net, request, headers, "omit"));
  if (!reply.ok) return reply;
  const body = { ...reply.body, docs: [], drop: [], cursor: request.pull.cursor, more: true };
  return { ok: true, oneWay: true, body };
}

/** Brings the queue into the shape that the server asks for, or ends the run. */
async function refused(
  vault: Vault,
  net: Net,
  { client, problem, status, wait = 0 }: Refusal,
  course: Course,
): Promise<void> {
  const name = problemName(problem);
  const fork = (differs: number) => vault.write((now) => forked(now, client, differs, net.now()));
  course.look = /^(gap|fork|client)$/.test(name);
  if (status === 409 && name === "gap")
    await vault.write((now) => gap(now, client, problem.expected ?? 1), true);
  else if (status === 409 && name === "fork") await fork(problem.differs ?? 1);
  else if (status === 409 && name === "resync") {
    const core = await vault.begin();
    await vault.write((now) => resynced(now, client, problem, net.now()), true);
    // A backup from before what is kept: nothing shows that what follows is not a copy's next.
    const { inherited = core.durable } = problem;
    if (core.client === client && inherited < core.durable)
      await vault.write((now) => gap({ ...now, ops: now.ops.filter(isOpen) }, client, inherited + 1));
  } else if (status === 413 && course.most > 1) course.most = Math.ceil(course.most / 4);
  else if (status === 403 && name === "client") {
    // Another person signed in here meanwhile: the request went under their session, and the client is as it was.
    if (!(await isOurs(vault, net))) throw new Stop("signin");
    await fork(1);
  } else if (status === 409 && name === "upgrade") throw new Stop("upgrade");
  else if (status === 401) throw new Stop("signin");
  else throw new Stop(status === 429 || status >= 500 ? "later" : "trouble", wait);
}
