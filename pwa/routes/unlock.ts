/** The lock: opening a vault by password, PIN or fingerprint, with or without a signal; and whose it is to be. */

import { type OpenContext, open, page, type Route, redirect } from "../context";
import { fromText, toText } from "../crypto/bytes";
import { enter, enterWithOld, isFresh, keeperOf, renewSession, startAfresh } from "../enter";
import type { Locks, Opened } from "../locks";
import type { Card } from "../records";
import { respond } from "../respond";
import { isFull } from "../spare";
import { _, fmt } from "../text";

/** What a request to a locked vault gets. Whatever it was to store is carried through the unlocking. */
export async function lockedOut(c: OpenContext, card: Card): Promise<Response> {
  const here = c.url.pathname + c.url.search;
  if (c.request.method === "GET") return redirect(c, `/app/unlock?back=${encodeURIComponent(here)}`);
  if (c.partial) return new Response(null, { status: 423 });
  const pairs = [...(await c.request.formData()).entries()].filter((pair) => typeof pair[1] === "string");
  return shown(c, card, { to: here, pairs: pairs as [string, string][] });
}

interface More {
  back?: string;
  error?: string;
  status?: number;
  to?: string;
  pairs?: [string, string][];
}

async function form(c: OpenContext): Promise<Response> {
  const wanted = c.url.searchParams.get("who") ?? c.settings.current;
  const card = (await c.env.device.cards()).find(({ id }) => id === wanted);
  if (!card) return redirect(c, "/app/signin");
  if (!card.signedIn) return redirect(c, `/app/signin?phone=${encodeURIComponent(card.phone)}`);
  const back = c.url.searchParams.get("back") ?? "";
  await c.env.device.ring.find();
  const isOpen = c.env.device.ring.key(card.user) && !isFresh(card);
  if (isOpen && card.id === c.settings.current) return redirect(c, inside(back));
  return shown(c, card, { back });
}

function inside(path: string): string {
  return /^\/app\/(?!unlock|signin)/.test(path) ? path : "/app/";
}

async function shown(c: OpenContext, card: Card, more: More): Promise<Response> {
  const locks = await keeperOf(c).of(card.user);
  const held = await c.env.device.ring.find();
  const dozes = held?.dozing && held.user === card.user && c.url.searchParams.get("by") !== "password";
  const mode = isFresh(card) ? "old" : dozes ? "pin" : "password";
  const print = locks?.share ? locks.wraps.find(({ kind }) => kind === "prf") : undefined;
  const data = {
    mode,
    id: card.id,
    name: card.name,
    school: card.schoolName,
    why: mode === "old" ? changedWords() : why(card, locks),
    print: print ? toText(print.credential ?? new Uint8Array()) : "",
    salt: print ? toText(print.salt) : "",
    back: inside(more.back ?? ""),
    error: more.error ?? "",
    to: more.to ?? "",
    pairs: more.pairs ?? [],
    others: await others(c, card),
  };
  return page(c, "app/unlock.html", data, more.status ?? 200);
}

function changedWords(): string {
  return _("密码换过了。手机里的记录是用旧密码锁的，输一次旧密码，以后就用新的。");
}

/** Why one is here. */
function why(card: Card, locks: Locks | undefined): string {
  if (locks && !locks.share) return _("太久没有连网，锁上了。连上网，用密码打开。记录都在，没有丢。");
  if (card.why === "ended") return _("登录已经到期，或者在别处退出了。用密码打开，有网时会自动重新登录。");
  return _("锁上了，别人看不到里面。没有信号也能打开。");
}

/** Who else has records on this phone: each has a vault of their own. */
async function others(c: OpenContext, card: Card): Promise<object[]> {
  const found = (await c.env.device.cards()).filter(({ user, signedIn, unsent }) => {
    return user !== card.user && (signedIn || unsent > 0);
  });
  return found.map(({ id, name, unsent }) => ({
    name,
    url: `/app/unlock?who=${encodeURIComponent(id)}`,
    text: unsent > 0 ? fmt(_("{n}条待同步，锁在本机"), { n: unsent }) : _("锁在本机"),
  }));
}

async function post(c: OpenContext): Promise<Response> {
  const data = await c.request.formData();
  const text = (name: string) => String(data.get(name) ?? "");
  const card = (await c.env.device.cards()).find(({ id }) => id === text("who"));
  if (!card) return redirect(c, "/app/signin");
  const pairs = [...data.entries()].filter(([name]) => name.startsWith("again:"));
  const more: More = {
    back: text("back"),
    to: text("to"),
    pairs: pairs.map(([name, value]) => [name.slice(6), String(value)]),
  };
  if (text("afresh")) return (await startAfresh(c, card)) ? land(c, card, more) : redirect(c, "/app/signin");
  const password = text("password");
  const error = await opening(c, card, { password, pin: text("pin"), secret: text("secret") });
  if (error !== null) return shown(c, card, { ...more, error, status: 422 });
  if (isFresh(card)) return redirect(c, `/app/unlock?who=${encodeURIComponent(card.id)}`);
  if (password) c.env.after?.(renewSession(c, card, password).then(() => c.env.sync(true)));
  return land(c, card, more);
}

interface Given {
  password: string;
  pin: string;
  secret: string;
}

/** Tries what was given; null when it opened, else what to tell the person. */
async function opening(c: OpenContext, card: Card, { password, pin, secret }: Given): Promise<string | null> {
  const keeper = keeperOf(c);
  if (pin) return pinWords(await keeper.wake(card.user, pin));
  if (secret) {
    const opened = await keeper.print(card.user, fromText(secret));
    return opened === "open" ? null : _("指纹没有打开，请用密码");
  }
  if (!password) return _("请填密码");
  if (isFresh(card)) {
    const opened = await enterWithOld(c, card, password);
    if (opened === "open") return null;
    return opened === "wait" ? waitWords() : _("旧密码不对。想不起来的话，点下面的“想不起旧密码”。");
  }
  const opened = await keeper.password(card.user, password);
  if (opened === "open") return null;
  if (opened === "wait") return waitWords();
  const entered = await enter(c, card.phone, password);
  if (!("error" in entered)) return null;
  if (entered.status !== 503) return opened === "wrong" ? _("密码不对，请再看一遍") : entered.error;
  if (opened === "wrong") return _("密码不对，请再看一遍。密码换过的话，要连一次网。");
  return _("现在没有信号。太久没有连网，要连上网才能打开。");
}

function waitWords(): string {
  return _("试得太多了，请过一会儿再试");
}

function pinWords(opened: Opened): string | null {
  if (opened === "open") return null;
  return opened === "wrong" ? _("数字不对，请再看一遍") : _("数字错了太多次，请用密码打开");
}

/** In: this vault is the phone's current one, and what waited for it is done. */
async function land(c: OpenContext, card: Card, more: More): Promise<Response> {
  await note(c, card).catch((error: unknown) => {
    if (!isFull(error) || c.settings.current !== card.id) throw error;
  });
  c.env.sync(true);
  if (!more.to || inside(more.to) !== more.to) return redirect(c, inside(more.back ?? ""));
  const body = new URLSearchParams(more.pairs);
  return respond(new Request(new URL(more.to, c.url), { method: "POST", body }), c.env);
}

async function note(c: OpenContext, card: Card): Promise<void> {
  await c.env.device.changeCard(card.id, { used: c.env.now().getTime(), why: "" });
  await c.env.device.change({ current: card.id });
}

/** The button, and a page that nobody has touched for long. */
async function lock(c: OpenContext): Promise<Response> {
  await c.env.device.ring.find();
  await c.env.device.ring.leave();
  return redirect(c, "/app/unlock");
}

export const unlock: Route[] = [
  { method: "GET", pattern: "/app/unlock", handle: open(form) },
  { method: "POST", pattern: "/app/unlock", handle: open(post) },
  { method: "POST", pattern: "/app/lock", handle: open(lock) },
];
