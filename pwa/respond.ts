/**
 * The server in the pocket: one request in, one page out. It knows nothing of workers and runs under Node as well.
 * It always answers, also for a bug of ours, and never asks whether there is a signal.
 */
import {
  type Context,
  type Env,
  html,
  notFound,
  type OpenContext,
  page,
  type Route,
  redirect,
} from "./context";
import { settleIn } from "./enter";
import { whoIs } from "./me";
import { routes } from "./routes";
import { lockedOut } from "./routes/unlock";
import { isFull } from "./spare";
import { _ } from "./text";
import { Vault } from "./vault";
import { noticeWiped } from "./wiped";
import { limited } from "./wire";

/** Saves that are under way: what is asked for meanwhile, a page or another save, finds what they stored. */
const saving = new Set<Promise<Response>>();

/** Answers any request under /app/. What asks the network (signing in, unlocking) keeps no other page waiting. */
export async function respond(request: Request, env: Env): Promise<Response> {
  const found = routeOf(request);
  while (saving.size > 0) await Promise.allSettled(saving);
  const done = answer(request, env, found);
  if (request.method !== "GET" && found && !("open" in found.handle)) {
    saving.add(done);
    done.finally(() => saving.delete(done));
  }
  return done;
}

async function answer(request: Request, outside: Env, found: Found | null): Promise<Response> {
  const env = limited(outside);
  const url = new URL(request.url);
  const partial = request.headers.get("HX-Request") === "true";
  let c: OpenContext | null = null;
  try {
    c = { env, request, url, partial, params: found?.params ?? {}, settings: await env.device.settings() };
    if (!found) return notFound(c);
    if (isForeign(request)) {
      const data = { problem: "foreign", title: _("这一步不是在走访里按的") };
      return page(c, "app/problem.html", data, 403);
    }
    return await ("open" in found.handle ? found.handle.open(c) : signedIn(c, found.handle));
  } catch (error) {
    if (!isFull(error)) console.error(error);
    return failed(env, c, error);
  }
}

/**
 * A form that another site's page posts here, as to sign somebody in or out. Only forms that a whole page sends can come
 * from elsewhere, and only own pages' have an own page as their referrer (context.ts sets the policy).
 */
function isForeign({ method, mode, referrer, url }: Request): boolean {
  return method === "POST" && mode === "navigate" && !referrer.startsWith(`${new URL(url).origin}/`);
}

interface Found {
  handle: Route["handle"];
  params: Record<string, string>;
}

function routeOf({ method, url }: Request): Found | null {
  for (const { handle, ...route } of routes) {
    const params = route.method === method ? match(route.pattern, new URL(url).pathname) : null;
    if (params) return { handle, params };
  }
  return null;
}

/** Only for who is signed in and has the vault open. */
async function signedIn(c: OpenContext, handle: (c: Context) => Promise<Response>): Promise<Response> {
  const { device, now } = c.env;
  const card = (await device.cards()).find(({ id }) => id === c.settings.current);
  if (!card?.signedIn) return redirect(c, "/app/signin");
  await device.ring.find();
  const vault = new Vault(card, device.shelf(card.id), now);
  if (await noticeWiped(device, card, now())) {
    if (!device.ring.key(card.user)) return lockedOut(c, card);
    await vault.begin();
    c.env.sync(true);
    return redirect(c, "/app/first");
  }
  let snap = await vault.snapshot();
  const keyId = device.ring.key(card.user)?.keyId;
  if (keyId && snap.core.k !== keyId) {
    // A new key was made and the worker stopped before the shelves had it.
    await settleIn(c, card);
    snap = await vault.snapshot();
  }
  if (snap.stored.locked) return lockedOut(c, card);
  if (!c.partial || c.request.method === "POST") device.ring.seen(0);
  return handle({ ...c, card, vault, snap, me: whoIs(snap, card) });
}

/** Named parts of a path, decoded; null where it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (part.startsWith(":") && value) params[part.slice(1)] = decode(value);
    else if (part !== value) return null;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Whatever went wrong: a full phone is told apart, because there the person can help. */
function failed(env: Env, c: OpenContext | null, error: unknown): Response {
  const full = isFull(error);
  const data = { problem: full ? "full" : "bug", title: full ? _("手机空间满了") : _("这一页没打开") };
  try {
    if (c) return page(c, "app/problem.html", data, full ? 507 : 500);
    return html(env.render("app/problem.html", { app: {}, ...data }), 500);
  } catch {
    const words = _("这一页没打开，记录都在本机。");
    return html(
      `<!doctype html><meta charset="utf-8"><title>Zoufang</title><p>${words} <a href="/rescue">/rescue</a></p>`,
      500,
    );
  }
}
