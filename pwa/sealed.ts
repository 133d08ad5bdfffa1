/**
 * Sending what can't be read: while a vault is locked, after signing out, or when its key is lost, ops go as they were
 * sealed to the server's key. What became of them is asked for later, by pushing the same ops again from an open vault.
 */
import { type OpRow, waits } from "./boxes";
import { toText } from "./crypto/bytes";
import { MAX_PUSH_BYTES, type Problem, problemName } from "./protocol";
import { passFor } from "./records";
import type { Vault } from "./vault";

export type Post = (path: string, init: RequestInit) => Promise<Response>;

/** More rounds than any honest delivery needs. */
const ROUNDS = 200;
const MOST = 200;
/** base64url, and what stands around an op. */
const GROWTH = 1.4;

/** Waiting ops of this client that can be sent sealed now: in seq order, under one server key, up to the first that can't. */
async function due(vault: Vault, most: number, shutOnly: boolean): Promise<OpRow[]> {
  const core = await vault.begin();
  const rows = (await vault.shelf.opRows()).filter(({ client }) => client === core.client);
  const waiting = rows.filter((row) => waits(row) && (!shutOnly || row.k !== core.k));
  return fitting(waiting, most);
}

function fitting(waiting: OpRow[], most: number): OpRow[] {
  waiting.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  const taken: OpRow[] = [];
  let bytes = 0;
  for (const row of waiting) {
    bytes += (row.seal?.length ?? 0) * GROWTH + 100;
    const full = taken.length > 0 && bytes > MAX_PUSH_BYTES;
    if (!row.seal || row.sealKey !== (taken[0] ?? row).sealKey || taken.length === most || full) break;
    taken.push(row);
  }
  return taken;
}

/** Nothing is left that could be sent; something is, for another time; or the server will never take it as it is. */
export type Sent = "all" | "later" | "never";

/** Delivers. `shutOnly`: only what can't be read any more. Rejects only where `post` does. */
export async function deliverSealed(
  vault: Vault,
  post: Post,
  now: () => number,
  shutOnly = false,
): Promise<Sent> {
  let most = MOST;
  for (let i = 0; i < ROUNDS; i++) {
    const { client } = await vault.begin();
    const marked = await due(vault, most, shutOnly);
    if (marked.length === 0) return "all";
    const delivery = passFor(vault.card, client);
    if (!delivery) return "later";
    // As they lie once they are marked: until then an op may have grown.
    const rows = fitting(await vault.shelf.resend(marked.map(({ n }) => n)), most);
    const ops = rows.map(({ seq, seal }) => ({ seq, sealed: toText(seal ?? new Uint8Array()) }));
    const response = await post("/sync/sealed", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Delivery ${delivery}`,
        "X-School": vault.card.school,
      },
      credentials: "omit",
      cache: "no-store",
      body: JSON.stringify({ client, key: rows[0]?.sealKey, ops }),
    });
    const answer = (await response.json().catch(() => null)) as { acked?: number; durable?: number } | null;
    if (response.ok && typeof answer?.acked === "number") {
      const acked = answer.acked;
      const taken = rows.filter(({ seq = 0 }) => seq <= acked);
      if (taken.length === 0) return "later";
      await vault.shelf.delivered(
        taken.map(({ n }) => n),
        answer.durable ?? 0,
        now(),
      );
    } else if (response.status === 413 && most > 1) most = Math.ceil(most / 4);
    else if (!(await isGap(vault, response.status, answer as Problem | null)))
      return /^(fork|gap|client)$/.test(answer ? problemName(answer as Problem) : "") ? "never" : "later";
  }
  return "later";
}

/** The server has less than was thought (a restore): what it lacks goes again, if this phone has it sealed. */
async function isGap(vault: Vault, status: number, problem: Problem | null): Promise<boolean> {
  if (status !== 409 || !problem || problemName(problem) !== "gap") return false;
  return again(vault, problem.expected ?? 1, false);
}

/** Sends anew, sealed, from that seq on; false where that one is not here sealed. */
export async function again(vault: Vault, from: number, shutOnly = true): Promise<boolean> {
  const { client, k } = await vault.begin();
  const rows = (await vault.shelf.opRows()).filter(
    (row) => row.client === client && row.seal && (row.seq ?? 0) >= from && (!shutOnly || row.k !== k),
  );
  if (!rows.some(({ seq, stage, delivered }) => seq === from && (stage !== "sent" || delivered)))
    return false;
  await vault.shelf.resend(rows.map(({ n }) => n));
  return true;
}
