/** Requests of a sync and what their answers may be, down to a network that answers something of its own. */
import type { Problem, SyncReply, SyncRequest } from "./protocol";
import type { SyncNote } from "./records";
import type { Vault } from "./vault";

/** What syncing needs of the outside. */
export interface Net {
  fetch(path: string, init: RequestInit): Promise<Response>;
  now(): number;
  /** 0 to 1, so that phones do not all come back at once. */
  random(): number;
  /** Called after each round, with what to show. */
  progress(note: SyncNote): Promise<void>;
  /** The session's new token. */
  keepCsrf(csrf: string): Promise<void>;
}

/** How long an exchange may take, and how long somebody is kept waiting, in ms. */
const TIMEOUT = 60_000;
export const PATIENCE = 20_000;

interface Fetches {
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** Why a run ended before everything was in step. */
export class Stop extends Error {
  constructor(
    readonly state: SyncNote["state"],
    readonly wait: number = 0,
  ) {
    super(state);
  }
}

/** One request of the protocol. */
export async function send(
  net: Net,
  request: SyncRequest,
  headers: Record<string, string>,
  credentials: RequestCredentials,
): Promise<Response> {
  const { body, encoding } = await packed(JSON.stringify(request));
  const all = { "Content-Type": "application/json", ...encoding, ...headers };
  return timely(net, "/sync", { method: "POST", body, headers: all, credentials, cache: "no-store" });
}

/** A request that is given up after a while, also where its answer stops half-way: it is here whole, or not at all. */
export async function timely(
  net: Fetches,
  path: string,
  init?: RequestInit,
  limit = TIMEOUT,
): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limit);
  try {
    const response = await net.fetch(path, { ...init, signal: abort.signal });
    const body = await response.arrayBuffer();
    return new Response(body.byteLength > 0 ? body : null, response);
  } catch {
    throw new Stop("offline");
  } finally {
    clearTimeout(timer);
  }
}

/** The same, and nobody waits for long for a network that answers nothing. */
export function limited<T extends Fetches>(outside: T): T {
  return { ...outside, fetch: (path: string, init?: RequestInit) => timely(outside, path, init, PATIENCE) };
}

async function packed(text: string): Promise<{ body: BodyInit; encoding: Record<string, string> }> {
  if (typeof CompressionStream === "undefined" || text.length < 1024) return { body: text, encoding: {} };
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return { body: await new Response(stream).arrayBuffer(), encoding: { "Content-Encoding": "gzip" } };
}

/** A reply that breaks off, or a page of some hotel's network, is as good as none. */
export async function readReply(response: Response): Promise<SyncReply> {
  try {
    const body = (await response.json()) as SyncReply;
    if (Array.isArray(body.results) && Array.isArray(body.docs)) return body;
  } catch {
    throw new Stop("offline");
  }
  throw new Stop("offline");
}

/** What the server says against it; nothing where that is no problem of its own. */
export async function readProblem(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return {};
  }
}

/** The token of the session that the browser has now, where that is not somebody else's. */
export async function freshCsrf(net: Net, whose: string): Promise<string> {
  const { csrf, user } = await session(net);
  if (!csrf || (user && user.id !== whose)) throw new Stop("signin");
  await net.keepCsrf(csrf);
  return csrf;
}

async function session(net: Net): Promise<{ csrf?: string; user?: { id?: string } }> {
  return readProblem(await timely(net, "/session", { credentials: "same-origin", cache: "no-store" }));
}

/** Whether the browser's session is this vault's person's. */
export async function isOurs(vault: Vault, net: Net): Promise<boolean> {
  return (await session(net)).user?.id === vault.card.user;
}
