/**
 * Sending what can't be read: while a vault is locked, after signing out, or when its key is lost, ops go as they were
 * sealed to the server's key. What became of them is asked for later, by pushing the same ops again from an open vault.
 */
import { type OpRow, waits } from "./boxes";
import { toText } from "./crypto/bytes";
import { MAX_PUSH_BYTES, type Problem, problemName } from "./protocol";
import { passFor } from "./records";
import { unlessFull } from "./spare";
import type { Vault } from "./vault";
import { freshCsrf, type Net, readProblem, timely } from "./wire";

/** More rounds than any honest delivery needs. */
const ROUNDS = 200;
const MOST = 199;
/** base64url, and what stands around an op. */
const GROWTH = 1.4;

/** What a run learns of the server on its way: how many ops it takes at once, the session's token. */
export interface Course {
  most: number;
  /** Asks first which life the server is in, and pushes nothing: an older client's ops may have to come before. */
  look: boolean;
  /** What must go before any push has gone. */
  free: boolean;
  csrf: string;
  freshCsrf: boolean;
}

/** Why the server will never take a client's ops as they are. */
export interface Refusal {
  client: string;
  status: number;
  problem: Problem;
  wait?: number;
}

/** Nothing is left that could be sent; something is, for another time; or why it will never be taken as it is. */
export type Sent = "all" | "later" | Refusal;

/** Waiting ops that can be sent sealed now. Locked, those of this client; open, those that can't be read any more. */
async function due(vault: Vault, most: number, open: boolean): Promise<OpRow[]> {
  const { client, k } = await vault.begin();
  const waiting = (await vault.shelf.opRows()).filter((row) => waits(row) && row.seal);
  return fitting(
    waiting.filter((row) => (open ? row.k !== k : row.client === client)),
    most,
  );
}

/** The first of them that make one request: one client's, in seq order without a gap, under one server key. */
function fitting(waiting: OpRow[], most: number): OpRow[] {
  waiting.sort((a, b) => a.n - b.n);
  const [first] = waiting;
  const taken: OpRow[] = [];
  let bytes = 0;
  for (const row of waiting) {
    bytes += (row.seal?.length ?? 0) * GROWTH + 150;
    const next = row.client === first?.client && row.seq === (first?.seq ?? 0) + taken.length;
    const full = taken.length === most || (taken.length > 0 && bytes > MAX_PUSH_BYTES);
    if (!next || row.sealKey !== first?.sealKey || full) break;
    taken.push(row);
  }
  return taken;
}

/** The op before, if it is here: to a server that was restored it shows whose next these are. */
async function before(vault: Vault, first?: OpRow): Promise<OpRow[]> {
  return (await vault.shelf.opRows()).filter(
    ({ client, seq, seal, sealKey }) =>
      client === first?.client && seq === (first?.seq ?? 0) - 1 && seal && sealKey === first?.sealKey,
  );
}

/** On a full phone nothing can be marked: then only what went before goes, it can't grow any more. */
function alreadySent(rows: OpRow[]): (error: unknown) => OpRow[] {
  return (error) => {
    unlessFull(error);
    return rows.filter(({ stage }) => stage === "sent");
  };
}

/**
 * Delivers. With the course of an open vault's run only what can't be read any more, by its session where there is one.
 * Rejects without a signal.
 */
export async function deliverSealed(vault: Vault, net: Net, course?: Course): Promise<Sent> {
  const { card, shelf } = vault;
  let session = course !== undefined && (card.session ?? card.signedIn);
  let most = MOST;
  for (let i = 0; i < ROUNDS; i++) {
    const marked = await due(vault, most, course !== undefined);
    const client = marked[0]?.client;
    if (!client) return "all";
    const pass = passFor(card, client);
    if (!session && !pass) return "later";
    // As they lie once they are marked: until then an op may have grown.
    const marking = shelf.resend(marked.map(({ n }) => n)).catch(alreadySent(marked));
    const rows = fitting(await marking, most);
    if (rows.length === 0) return "later";
    const ops = [...(await before(vault, rows[0])), ...rows].map(({ seq, seal, from }) => ({
      seq,
      sealed: toText(seal ?? new Uint8Array()),
      from,
    }));
    const who: Record<string, string> =
      session && course ? { "X-CSRFToken": course.csrf } : { Authorization: `Delivery ${pass}` };
    const response = await timely(net, "/sync/sealed", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-School": card.school, ...who },
      credentials: session ? "same-origin" : "omit",
      cache: "no-store",
      body: JSON.stringify({ client, key: rows[0]?.sealKey, epoch: (await shelf.core())?.epoch, ops }),
    });
    const { ok, status } = response;
    const problem = await readProblem(response);
    const name = problemName(problem);
    if (ok) {
      const taken = rows.filter(({ seq = 0 }) => seq <= (problem.acked ?? 0)).map(({ n }) => n);
      if (taken.length === 0) return "later";
      await shelf.delivered(taken, Number(problem.durable ?? 0), net.now());
    } else if (status === 413 && most > 1) most = Math.ceil(most / 4);
    else if (status === 401 && session) session = false;
    else if (name === "csrf" && course && !course.freshCsrf) {
      course.csrf = await freshCsrf(net, card.user);
      course.freshCsrf = true;
    } else if (course || name !== "gap" || !(await again(vault, problem.expected ?? 1)))
      return /^(fork|gap|client)$/.test(name) ? { client, status, problem } : "later";
  }
  return "later";
}

/**
 * The server has less than was thought (a restore): what it lacks goes again, sealed. False where that is not here, or was
 * to go already.
 */
async function again(vault: Vault, from: number): Promise<boolean> {
  const { client } = await vault.begin();
  const rows = (await vault.shelf.opRows()).filter(
    (row) => row.client === client && row.seal && (row.seq ?? 0) >= from,
  );
  if (!rows.some(({ seq, stage, delivered }) => seq === from && (stage !== "sent" || delivered)))
    return false;
  await vault.shelf.resend(rows.map(({ n }) => n));
  return true;
}
