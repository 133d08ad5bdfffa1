/** Signing in and out. Nobody's unsent work is touched by either. */
import { endSession } from "../contact";
import { type Context, type OpenContext, open, page, type Route, redirect } from "../context";
import { enter, keeperOf, vaultOf } from "../enter";
import { within } from "../push";
import type { Card } from "../records";
import { _, fmt } from "../text";

async function form(c: OpenContext): Promise<Response> {
  // Who has just signed out finds the number filled in, by whatever way one came here.
  const left = c.settings.current ? undefined : byUse(await c.env.device.cards())[0];
  const own = left?.why === "left" ? left.phone : "";
  return signinPage(c, c.url.searchParams.get("phone") ?? own, "", 200);
}

function byUse(cards: Card[]): Card[] {
  return [...cards].sort((a, b) => b.used - a.used);
}

async function signinPage(c: OpenContext, phone: string, error: string, status: number): Promise<Response> {
  const cards = await c.env.device.cards();
  const others = cards.filter(
    ({ signedIn, unsent, phone: theirs }) => (signedIn || unsent > 0) && theirs !== phone,
  );
  const own = cards.filter((card) => card.phone === phone || card.id === c.settings.current);
  // Of all the schools that one works for.
  const asked = own[0] && { ...own[0], unsent: own.reduce((sum, { unsent }) => sum + unsent, 0) };
  return page(
    c,
    "app/signin.html",
    {
      phone,
      error,
      why: why(c, asked),
      school: byUse(cards)[0]?.schoolName ?? "",
      known: cards.length > 0,
      unsent: asked?.unsent ?? 0,
      unsent_here: cards.reduce((sum, { unsent }) => sum + unsent, 0),
      others: others.map(({ id, name, phone: theirs, unsent, signedIn }) => ({
        name,
        url: signedIn
          ? `/app/unlock?who=${encodeURIComponent(id)}`
          : `/app/signin?phone=${encodeURIComponent(theirs)}`,
        text: unsent > 0 ? fmt(_("{n}条待同步，锁在本机"), { n: unsent }) : _("锁在本机"),
      })),
    },
    status,
  );
}

/** Why one is here. */
function why(c: OpenContext, card: Card | undefined): string {
  if (c.url.searchParams.has("late")) return _("停得久了，请用新密码再登录一次，没有丢东西。");
  if (card?.why === "left") {
    if (card.unsent === 0) return _("已退出。都已经传上去了。");
    return fmt(_("已退出。还有{n}条没传，留在这台手机里，有信号会自己传。"), { n: card.unsent });
  }
  if (card?.why === "revoked" || (!card && c.settings.ended)) {
    return card && card.unsent > 0
      ? fmt(_("在设备列表里，已让这台手机退出。还有{n}条没有传完，会接着传。要再用，请重新登录。"), {
          n: card.unsent,
        })
      : _("在设备列表里，已让这台手机退出。里面的记录已经交给学校，再清掉了。要再用，请重新登录。");
  }
  if (card?.why === "older") return _("新版本给手机里的记录加了锁。请登录一次，记录都在，没有丢。");
  if (card?.why === "ended") return _("登录已经到期，或者在别处退出了。请重新登录，记录都在本机。");
  return "";
}

async function post(c: OpenContext): Promise<Response> {
  const data = await c.request.formData();
  const phone = String(data.get("phone") ?? "").replace(/[\s-]/g, "");
  const password = String(data.get("password") ?? "");
  if (!phone || !password) return signinPage(c, phone, _("请填手机号和密码"), 422);
  const entered = await enter(c, phone, password);
  if ("error" in entered) return signinPage(c, phone, entered.error, entered.status);
  c.env.sync(true);
  if (entered.changed) return redirect(c, "/app/unlock");
  return redirect(c, entered.known ? "/app/" : "/app/first");
}

/** What is readable goes, and with it the means to open the rest without a contact. What is unsent stays. */
async function leave(c: OpenContext, card: Card): Promise<void> {
  await vaultOf(c, card).clearReadable();
  const unsent = await c.env.device.shelf(card.id).waiting();
  await c.env.device.changeCard(card.id, { signedIn: false, session: false, why: "left", unsent });
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
  const { device } = c.env;
  // Noted first: what ends here for the person is to end at the server too, at the next contact if not now.
  if (c.card.session ?? c.card.signedIn) await device.change({ ending: c.card.user });
  for (const card of await device.cards()) if (card.user === c.card.user) await leave(c, card);
  await keeperOf(c).withhold(c.card.user);
  // In this order: the pages go to the lock as soon as they hear of it, and are to find nobody signed in there.
  await device.change({ current: null });
  await device.ring.lock();
  await within(3000, endSession(device, c.env)).catch(() => undefined);
  c.env.sync(true);
  await c.env.stopPush?.().catch(() => undefined);
  return redirect(c, `/app/signin?phone=${encodeURIComponent(c.card.phone)}`);
}

export const signin: Route[] = [
  { method: "GET", pattern: "/app/signin", handle: open(form) },
  { method: "POST", pattern: "/app/signin", handle: open(post) },
  { method: "GET", pattern: "/app/signout", handle: confirmOut },
  { method: "POST", pattern: "/app/signout", handle: out },
];
