/** The lock's page: what it asks for, why one is here, and who else has records on this phone. */
import { type OpenContext, page } from "./context";
import { toText } from "./crypto/bytes";
import { isFresh, keeperOf } from "./enter";
import type { Locks } from "./locks";
import type { Card } from "./records";
import { _, fmt } from "./text";

export interface More {
  /** Where one wanted to go, and what was posted there while it was locked. */
  back?: string;
  to?: string;
  pairs?: [string, string][];
  error?: string;
  status?: number;
  /** It lies over a page that holds something unsaved (cover.ts). */
  over?: boolean;
  /** By the password, whatever else would open it. */
  typed?: boolean;
  /** The last question before a new key. */
  afresh?: boolean;
}
type Mode = "password" | "pin" | "print" | "old" | "afresh";

export async function lockPage(c: OpenContext, card: Card, more: More): Promise<Response> {
  const { device } = c.env;
  const locks = await keeperOf(c).of(card.user);
  const print = locks?.share ? locks.wraps.find(({ kind }) => kind === "prf") : undefined;
  const mode = await modeOf(c, card, more, print !== undefined);
  const unsent = await device.shelf(card.id).waiting();
  const rest = (await device.cards()).filter(({ user }) => user !== card.user);
  const others = rest.filter((one) => one.signedIn || one.unsent > 0);
  const data = {
    mode,
    id: card.id,
    name: card.name,
    school: card.schoolName,
    waits: unsent > 0 ? fmt(_("{n}条待同步，都在本机"), { n: unsent }) : _("都已经传上去了"),
    unsent,
    why: more.over ? _("锁上了。刚才写的还没存上，字还在，打开以后接着写。") : why(mode, card, locks, unsent),
    print: print ? toText(print.credential ?? new Uint8Array()) : "",
    salt: print ? toText(print.salt) : "",
    back: more.back ?? "/app/",
    error: more.error ?? "",
    to: more.to ?? "",
    pairs: more.pairs ?? [],
    over: more.over ?? false,
    unsent_here: rest.reduce((sum, one) => sum + one.unsent, unsent),
    others: others.map((one) => ({
      name: one.name,
      url: `/app/unlock?who=${encodeURIComponent(one.id)}`,
      text: one.unsent > 0 ? fmt(_("{n}条待同步，锁在本机"), { n: one.unsent }) : _("锁在本机"),
    })),
  };
  return page(c, "app/unlock.html", data, more.status ?? 200);
}

async function modeOf(c: OpenContext, card: Card, more: More, print: boolean): Promise<Mode> {
  if (isFresh(c, card)) return more.afresh ? "afresh" : "old";
  if (more.typed) return "password";
  const held = await c.env.device.ring.find();
  if (held?.dozing && held.user === card.user) return "pin";
  return print ? "print" : "password";
}

function why(mode: Mode, card: Card, locks: Locks | undefined, unsent: number): string {
  if (mode === "old") return _("密码换过了。手机里的记录是用旧密码锁的，输一次旧密码，以后就用新的。");
  if (mode === "afresh") {
    if (unsent === 0) return _("都已经传上去了。手机里的记录从学校重新放进来，要等一会儿。");
    return fmt(_("没传上去的{n}条照样传给学校，以后在这台手机上看不到，要等学校收下。"), { n: unsent });
  }
  if (locks && !locks.share) return _("太久没有连网，锁上了。连上网，用密码打开。记录都在，没有丢。");
  if (card.why === "ended") {
    if (mode === "password") return _("登录已经到期，或者在别处退出了。用密码打开，有网时会自动重新登录。");
    return _("登录已经到期，或者在别处退出了。要重新登录，请点“用密码打开”。");
  }
  if (mode === "pin") return _("锁上了，输数字密码就能打开。没有信号也行。");
  return _("锁上了，别人看不到里面。没有信号也能打开。");
}
