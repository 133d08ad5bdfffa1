/** The lock: opening a vault by password, PIN or fingerprint, with or without a signal; and whose it is to be. */

import { type OpenContext, open, type Route, redirect } from "../context";
import { fromText } from "../crypto/bytes";
import { enter, enterWithOld, isFresh, keeperOf, renewSession, startAfresh } from "../enter";
import { lockPage, type More } from "../lockview";
import { pairsOf } from "../posted";
import type { Card } from "../records";
import { respond } from "../respond";
import { isFull } from "../spare";
import { _, fmt } from "../text";

/** What a request to a locked vault gets. Whatever it was to store is carried through the unlocking. */
export async function lockedOut(c: OpenContext, card: Card): Promise<Response> {
  const here = c.url.pathname + c.url.search;
  if (c.request.method === "GET") return redirect(c, `/app/unlock?back=${encodeURIComponent(here)}`);
  if (c.partial) return new Response(null, { status: 423 });
  return lockPage(c, card, { to: here, pairs: await pairsOf(c.request) });
}

async function form(c: OpenContext): Promise<Response> {
  const wanted = c.url.searchParams.get("who") ?? c.settings.current;
  const card = (await c.env.device.cards()).find(({ id }) => id === wanted);
  if (!card) return redirect(c, "/app/signin");
  if (!card.signedIn) return redirect(c, `/app/signin?phone=${encodeURIComponent(card.phone)}`);
  const back = c.url.searchParams.get("back") ?? "";
  await c.env.device.ring.find();
  const isOpen = c.env.device.ring.key(card.user) && !isFresh(c, card);
  if (isOpen && card.id === c.settings.current) return redirect(c, inside(back));
  return lockPage(c, card, { back: inside(back), over: c.url.searchParams.has("over") });
}

function inside(path: string): string {
  return /^\/app\/(?!unlock|signin)/.test(path) ? path : "/app/";
}

async function post(c: OpenContext): Promise<Response> {
  const data = await c.request.formData();
  const text = (name: string) => String(data.get(name) ?? "");
  const card = (await c.env.device.cards()).find(({ id }) => id === text("who"));
  if (!card) return redirect(c, "/app/signin");
  const pairs = [...data.entries()].filter(([name]) => name.startsWith("again:"));
  const more: More = {
    back: inside(text("back")),
    to: text("to"),
    pairs: pairs.map(([name, value]) => [name.slice(6), String(value)]),
    over: data.has("over"),
    typed: data.has("password") || text("by") === "password",
  };
  if (text("by")) return lockPage(c, card, more);
  if (text("afresh")) return afresh(c, card, more, text("afresh"));
  const password = text("password");
  const late = text("mode") === "old" && !isFresh(c, card);
  const given = { password, pin: text("pin"), secret: text("secret") };
  const error = await opening(c, card, given).catch((fault: unknown) => {
    // A wrong try can't be counted on a full phone: then only the password is looked at.
    if (!isFull(fault)) throw fault;
    more.typed = true;
    return given.pin ? _("手机空间满了，请用密码打开") : _("密码不对，请再看一遍");
  });
  if (error !== null) return lockPage(c, card, { ...more, error, status: 422 });
  if (isFresh(c, card)) return redirect(c, `/app/unlock?who=${encodeURIComponent(card.id)}`);
  if (late && c.env.online()) return tooLate(c, card);
  if (password) c.env.after?.(renewSession(c, card, password).then(() => c.env.sync(true)));
  return land(c, card, more);
}

/** The worker was stopped meanwhile and has forgotten the new password: it is typed once more. */
function tooLate(c: OpenContext, { phone }: Card): Response {
  return redirect(c, `/app/signin?late=yes&phone=${encodeURIComponent(phone)}`);
}

/** Nobody knows the old password. It is said first what that means. */
async function afresh(c: OpenContext, card: Card, more: More, step: string): Promise<Response> {
  if (!isFresh(c, card)) return tooLate(c, card);
  if (step !== "yes") return lockPage(c, card, { ...more, afresh: step === "ask" });
  if (await startAfresh(c, card)) return land(c, card, more);
  const error = _("现在没有信号。连上网以后再按一次。");
  return lockPage(c, card, { ...more, afresh: true, error, status: 422 });
}

interface Given {
  password: string;
  pin: string;
  secret: string;
}

/** Tries what was given; null when it opened, else what to tell the person. */
async function opening(c: OpenContext, card: Card, { password, pin, secret }: Given): Promise<string | null> {
  const keeper = keeperOf(c);
  if (pin) {
    const opened = await keeper.wake(card.user, pin);
    if (opened === "open") return null;
    if (opened !== "wrong") return _("数字错了太多次，请用密码打开");
    return fmt(_("数字不对，还可以试{n}次，之后要用密码"), { n: await keeper.pinLeft(card.user) });
  }
  if (secret) {
    const opened = await keeper.print(card.user, fromText(secret));
    return opened === "open" ? null : _("指纹没有打开，请用密码");
  }
  if (!password) return _("请填密码");
  if (isFresh(c, card)) {
    const opened = await enterWithOld(c, card, password);
    if (opened === "open") return null;
    return opened === "wait" ? waitWords(c, card) : _("旧密码不对。想不起来的话，点下面的“想不起旧密码”。");
  }
  const opened = await keeper.password(card.user, password);
  if (opened === "open") return null;
  if (opened === "wait") return waitWords(c, card);
  const entered = await enter(c, card.phone, password);
  if (!("error" in entered)) return null;
  if (entered.status !== 503) return opened === "wrong" ? _("密码不对，请再看一遍") : entered.error;
  if (opened === "wrong") return _("密码不对，请再看一遍。密码换过的话，要连一次网。");
  return _("现在没有信号。太久没有连网，要连上网才能打开。");
}

async function waitWords(c: OpenContext, { user }: Card): Promise<string> {
  const { next = 0 } = (await keeperOf(c).of(user)) ?? {};
  const n = Math.max(1, Math.ceil((next - c.env.now().getTime()) / 1000));
  const wait = n < 60 ? fmt(_("{n}秒"), { n }) : fmt(_("{n}分钟"), { n: Math.ceil(n / 60) });
  return fmt(_("试得太多了，请等{wait}再试"), { wait });
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
