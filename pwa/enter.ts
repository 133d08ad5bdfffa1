/** Coming in: by the server's word with a signal, by the vault's own lock without one. Nobody's unsent work is touched. */
import { askLease, type Lent } from "./contact";
import type { OpenContext } from "./context";
import { uuid7 } from "./ids";
import { Keeper } from "./locks";
import { type Problem, problemName } from "./protocol";
import type { Card } from "./records";
import type { Device } from "./store";
import { _, fmt } from "./text";
import { Vault } from "./vault";
import { noticeWiped } from "./wiped";

interface Session {
  user: { id: string; name: string };
  school: string | null;
  schools: { id: string; name: string }[];
  csrf: string;
  delivery?: string;
}

export interface Refused {
  error: string;
  status: number;
}
/** `changed`: the account's password is another than the one that the vault knows; the old one opens it. */
export interface Entered {
  card: Card;
  known: boolean;
  changed: boolean;
}

/**
 * Changed passwords by user, for the moment until the old one is typed: the vault is then locked with the new one.
 * Memory of this worker, never stored: one that was stopped meanwhile has forgotten them.
 */
const changes = new WeakMap<Device, Map<string, string>>();

function freshOf({ env }: OpenContext): Map<string, string> {
  const known = changes.get(env.device) ?? new Map<string, string>();
  changes.set(env.device, known);
  return known;
}

/** Signs in at the server and opens the person's vault, or makes one. */
export async function enter(c: OpenContext, phone: string, password: string): Promise<Entered | Refused> {
  const { device } = c.env;
  const known = (await device.cards()).find((card) => card.phone === phone);
  if (known) await noticeWiped(device, known, c.env.now());
  const begun = known && (await device.shelf(known.id).core());
  const client = begun?.client ?? uuid7(c.env.now().getTime());
  const first = await ask(c, phone, password, client);
  if ("error" in first) return first;
  await takeSession(c, first.session.user.id);
  // A shelf that outlived its card goes on as the client that it is: the pass must be for that one.
  const kept = (await device.shelf(cardId(first.session)).core())?.client ?? client;
  const answer = kept === client ? first : await ask(c, phone, password, kept);
  if ("error" in answer) return answer;
  const lent = await askLease(device, outsideOf(c), first.session.user.id).catch(() => null);
  if (!lent) return noSignal();
  const card = cardOf(answer.session, phone, c.env.now().getTime(), known);
  const changed = !(await unlocked(c, card.user, password, lent));
  // The token delivers only for the client that it was asked for; another school's vault has a client of its own.
  if (!changed) await vaultOf(c, card).begin(known && known.id !== card.id ? undefined : kept);
  await device.putCard({ ...card, client: kept });
  if (!changed) await settleIn(c, card);
  await device.change({ current: card.id, ended: false });
  return { card, known: Boolean(known), changed };
}

/** Opens with a password that the server has just said yes to; false where the vault knows only an older one. */
async function unlocked(c: OpenContext, user: string, password: string, lent: Lent): Promise<boolean> {
  const keeper = keeperOf(c);
  if ((await c.env.device.ring.find())?.user !== user) await c.env.device.ring.lock();
  if (!(await keeper.of(user))) {
    await keeper.make(user, password, lent.lease, lent.at);
    return true;
  }
  await keeper.lend(user, lent.lease, lent.at);
  await keeper.forgive(user);
  const before = c.env.device.ring.key(user);
  if ((await keeper.password(user, password)) === "open") return true;
  await keeper.forgive(user);
  if (before) await keeper.rewrap(user, password);
  else freshOf(c).set(user, password);
  return before !== null;
}

/**
 * Stores of before there were vaults go under the key; one whose key was lost begins anew. A key that is no longer this
 * person's (a page that slept still had it) opens nothing.
 */
export async function settleIn(c: OpenContext, card: Card): Promise<void> {
  const { device } = c.env;
  const keyId = device.ring.key(card.user)?.keyId;
  if (!keyId) return;
  if (keyId !== (await device.locks(card.user))?.keyId) return device.ring.lock();
  const own = (await device.cards()).filter(({ user }) => user === card.user);
  for (const { id } of own) {
    const shelf = device.shelf(id);
    await shelf.encrypt();
    const under = (await shelf.core())?.k;
    if (under !== undefined && under !== keyId) await shelf.restart(keyId, c.env.now().getTime());
  }
}

/** One browser has one session: whoever had it before has it no more. Their vaults only lock. */
async function takeSession(c: OpenContext, user: string): Promise<void> {
  for (const card of await c.env.device.cards()) {
    if (card.user !== user && (card.session ?? card.signedIn))
      await c.env.device.changeCard(card.id, { session: false });
    if (card.user === user && card.why === "revoked")
      await c.env.device.changeCard(card.id, { why: "ended" });
  }
  await c.env.device.change({ ending: null });
}

/** The old password after a change: opens, and from now on the new one does. */
export async function enterWithOld(
  c: OpenContext,
  card: Card,
  old: string,
): Promise<"open" | "wrong" | "wait"> {
  const keeper = keeperOf(c);
  const opened = await keeper.password(card.user, old);
  if (opened !== "open") return opened === "wait" ? "wait" : "wrong";
  const password = freshOf(c).get(card.user);
  if (password) await keeper.rewrap(card.user, password);
  freshOf(c).delete(card.user);
  await settleIn(c, card);
  return "open";
}

/** Nobody knows the old password: a new key, what was pulled comes again, what was written is sent as it is sealed. */
export async function startAfresh(c: OpenContext, card: Card): Promise<boolean> {
  const password = freshOf(c).get(card.user);
  const lent = password && (await askLease(c.env.device, outsideOf(c), card.user).catch(() => null));
  if (!password || !lent) return false;
  await keeperOf(c).make(card.user, password, lent.lease, lent.at);
  freshOf(c).delete(card.user);
  await settleIn(c, card);
  return true;
}

/**
 * A new session for who opened a vault by its own lock while the browser's session is another's or over. It runs by
 * itself: what is open or current by then is left as it is.
 */
export async function renewSession(c: OpenContext, card: Card, password: string): Promise<void> {
  if (card.session ?? card.signedIn) return;
  const { client } = await vaultOf(c, card).begin();
  const answer = await ask(c, card.phone, password, client);
  if ("error" in answer) return;
  const { csrf, delivery = null, schools } = answer.session;
  await c.env.device.changeCard(card.id, { csrf, delivery, client, schools, session: true, why: "" });
  await takeSession(c, card.user);
  const lent = await askLease(c.env.device, outsideOf(c), card.user).catch(() => null);
  if (lent) await keeperOf(c).lend(card.user, lent.lease, lent.at);
}

/** Whether the old password is still to be typed. */
export function isFresh(c: OpenContext, card: Card): boolean {
  return freshOf(c).has(card.user);
}

/** The server's answer to a sign-in: who that is, or what to tell the person. */
async function ask(
  c: OpenContext,
  phone: string,
  password: string,
  client: string,
): Promise<{ session: Session } | Refused> {
  const body = JSON.stringify({ phone, password, client, device: deviceName() });
  try {
    const before = (await (await c.env.fetch("/session", { cache: "no-store" })).json()) as Problem;
    const response = await c.env.fetch("/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": before.csrf ?? "" },
      body,
    });
    if (response.ok) return checked((await response.json()) as Session);
    return { error: refusal((await response.json()) as Problem), status: 422 };
  } catch {
    return noSignal();
  }
}

function noSignal(): Refused {
  return { error: _("现在没有信号。登录要连一次网，连上以后再按一次。"), status: 503 };
}

function checked(session: Session): { session: Session } | Refused {
  if (session.school) return { session };
  return { error: _("这个账号还没有学校。请联系学校的管理员。"), status: 422 };
}

function refusal(problem: Problem): string {
  if (problemName(problem) === "wrong_password") return _("手机号或密码不对，请再看一遍");
  if (problemName(problem) === "throttled") {
    return fmt(_("试得太多了，请等{wait}再试"), { wait: String(problem.wait ?? _("几分钟")) });
  }
  return problem.title ?? _("没有登录成，请再按一次");
}

function deviceName(): string {
  return /\(([^)]*)\)/.exec(globalThis.navigator?.userAgent ?? "")?.[1]?.slice(0, 200) ?? "";
}

function cardId({ user, school }: Session): string {
  return `${user.id}.${school ?? ""}`;
}

function cardOf(session: Session, phone: string, used: number, known?: Card): Card {
  const school = session.school ?? "";
  const id = cardId(session);
  return {
    id,
    user: session.user.id,
    name: session.user.name,
    phone,
    school,
    schoolName: session.schools.find((one) => one.id === school)?.name ?? "",
    schools: session.schools,
    csrf: session.csrf,
    delivery: session.delivery ?? null,
    signedIn: true,
    session: true,
    why: "",
    unsent: known?.id === id ? known.unsent : 0,
    used,
    wiped: known?.id === id ? known.wiped : null,
  };
}

export function vaultOf(c: OpenContext, card: Card): Vault {
  return new Vault(card, c.env.device.shelf(card.id), c.env.now);
}

export function keeperOf(c: OpenContext): Keeper {
  return new Keeper(c.env.device, () => c.env.now().getTime());
}

export function outsideOf(c: OpenContext): { fetch: typeof c.env.fetch; now: () => number } {
  return { fetch: (path, init) => c.env.fetch(path, init), now: () => c.env.now().getTime() };
}
