/** Signing in and out. Nobody's unsent work is touched by either. */
import { type Context, type OpenContext, open, page, type Route, redirect } from "../context";
import { uuid7 } from "../ids";
import { type Problem, problemName } from "../protocol";
import type { Card } from "../records";
import { _, fmt } from "../text";
import { Vault } from "../vault";

async function form(c: OpenContext): Promise<Response> {
  return signinPage(c, c.url.searchParams.get("phone") ?? "", "", 200);
}

async function signinPage(c: OpenContext, phone: string, error: string, status: number): Promise<Response> {
  const cards = await c.env.device.cards();
  const others = cards.filter(
    ({ signedIn, unsent, phone: theirs }) => !signedIn && unsent > 0 && theirs !== phone,
  );
  return page(
    c,
    "app/signin.html",
    {
      phone,
      error,
      school: cards.sort((a, b) => b.used - a.used)[0]?.schoolName ?? "",
      known: cards.length > 0,
      others: others.map(({ name, phone: theirs, unsent }) => ({
        name,
        url: `/app/signin?phone=${encodeURIComponent(theirs)}`,
        text: fmt(_("{n}条待同步，存在本机"), { n: unsent }),
      })),
    },
    status,
  );
}

async function post(c: OpenContext): Promise<Response> {
  const data = await c.request.formData();
  const phone = String(data.get("phone") ?? "").replace(/[\s-]/g, "");
  const password = String(data.get("password") ?? "");
  if (!phone || !password) return signinPage(c, phone, _("请填手机号和密码"), 422);
  const known = (await c.env.device.cards()).find((card) => card.phone === phone);
  const client = known ? (await vaultOf(c, known).begin()).client : uuid7(c.env.now().getTime());
  const answer = await ask(c, phone, password, client);
  if ("error" in answer) return signinPage(c, phone, answer.error, answer.status);
  const card = cardOf(answer.session, phone, c.env.now().getTime(), known);
  // The token delivers only for the client that it was asked for; another school's vault has a client of its own.
  const own = await vaultOf(c, card).begin(known && known.id !== card.id ? undefined : client);
  await c.env.device.putCard({ ...card, delivery: own.client === client ? card.delivery : null });
  await signOutOthers(c, card.user);
  await c.env.device.change({ current: card.id });
  c.env.sync(true);
  return redirect(c, known ? "/app/" : "/app/first");
}

/** One browser has one session: whoever was signed in before is not any more. */
async function signOutOthers(c: OpenContext, user: string): Promise<void> {
  for (const card of await c.env.device.cards()) {
    if (card.user !== user && card.signedIn) await leave(c, card);
  }
}

interface Session {
  user: { id: string; name: string };
  school: string | null;
  schools: { id: string; name: string }[];
  csrf: string;
  delivery?: string;
}

/** The server's answer to a sign-in: who that is, or what to tell the person. */
async function ask(
  c: OpenContext,
  phone: string,
  password: string,
  client: string,
): Promise<{ session: Session } | { error: string; status: number }> {
  const body = JSON.stringify({ phone, password, client, device: device() });
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
    return { error: _("现在没有信号。登录要连一次网，连上以后再按一次。"), status: 503 };
  }
}

function checked(session: Session): { session: Session } | { error: string; status: number } {
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

function device(): string {
  return /\(([^)]*)\)/.exec(globalThis.navigator?.userAgent ?? "")?.[1]?.slice(0, 200) ?? "";
}

function cardOf(session: Session, phone: string, used: number, known?: Card): Card {
  const school = session.school ?? "";
  const id = `${session.user.id}.${school}`;
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
    unsent: known?.id === id ? known.unsent : 0,
    used,
  };
}

function vaultOf(c: OpenContext, card: Card): Vault {
  return new Vault(card, c.env.device.shelf(card.id), c.env.now);
}

/** Locks a person's vault: what is readable goes, what is unsent stays. */
async function leave(c: OpenContext, card: Card): Promise<void> {
  const vault = vaultOf(c, card);
  const unsent = (await vault.snapshot()).unsentDocs.length;
  await vault.clearReadable();
  await c.env.device.putCard({ ...card, signedIn: false, unsent });
}

async function confirmOut(c: Context): Promise<Response> {
  const unsent = c.snap.unsentDocs.length;
  return page(c, "app/signout.html", {
    unsent,
    text:
      unsent > 0
        ? fmt(_("还有{n}条没有传上去。它们会留在这台手机里，下次登录接着传，不会丢。"), { n: unsent })
        : _("都已经传上去了。"),
    name: c.me.name,
  });
}

async function out(c: Context): Promise<Response> {
  for (const card of await c.env.device.cards()) {
    if (card.user === c.card.user && card.signedIn) await leave(c, card);
  }
  await c.env.device.change({ current: null });
  const end = { method: "DELETE", headers: { "X-CSRFToken": c.card.csrf } };
  await c.env.fetch("/session", end).catch(() => undefined);
  await c.env.stopPush?.().catch(() => undefined);
  return redirect(c, `/app/signin?phone=${encodeURIComponent(c.card.phone)}`);
}

export const signin: Route[] = [
  { method: "GET", pattern: "/app/signin", handle: open(form) },
  { method: "POST", pattern: "/app/signin", handle: open(post) },
  { method: "GET", pattern: "/app/signout", handle: confirmOut },
  { method: "POST", pattern: "/app/signout", handle: out },
];
