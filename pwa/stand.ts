/** How this phone stands to the server, in words: one line with a sign, and what the sheet says below it. */
import { whenText } from "./clock";
import type { SyncNote } from "./records";
import { _, fmt } from "./text";

export interface Stand {
  sign: "nosignal" | "signal" | "sync" | "lock" | "warn";
  line: string;
  /** More of it, for the sheet. */
  detail: string;
  busy: boolean;
  signin: boolean;
}

/** `unsent`: records that wait; `online`: what the phone believes. */
export function standOf(note: SyncNote | undefined, unsent: number, online: boolean, now: Date): Stand {
  const safe =
    unsent > 0 ? fmt(_("{n}条都已存本机，关机也不会丢。"), { n: unsent }) : _("本机没有等着上传的。");
  const stand = { busy: false, signin: false };
  if (!online || note?.state === "offline") {
    const detail = unsent > 0 ? safe + _("有信号时自动上传。") : _("写下的先存在本机，有信号时自动上传。");
    return { ...stand, sign: "nosignal", line: _("没有信号，照常填写"), detail };
  }
  switch (note?.state) {
    case "busy":
      return {
        ...stand,
        sign: "sync",
        line: busyLine(note),
        detail: safe + _("可以照常填写，不用等。"),
        busy: true,
      };
    case "signin":
      return { ...stand, sign: "lock", line: _("请重新登录，才能上传"), detail: safe, signin: true };
    case "upgrade":
      return {
        ...stand,
        sign: "sync",
        line: _("请换上新版本"),
        detail: safe + _("点页面上方的“有新版本”。"),
      };
    case "later":
      return { ...stand, sign: "signal", line: _("学校那边在忙，过会儿自动再传"), detail: safe };
    case "trouble":
      return { ...stand, sign: "warn", line: _("这次没有传完，过会儿自动再传"), detail: safe };
    case "ok": {
      const line = fmt(_("已和学校对上，{when}"), { when: whenText(new Date(note.okAt), now) });
      return { ...stand, sign: "signal", line: unsent > 0 ? _("有信号，马上就传") : line, detail: safe };
    }
    default:
      return { ...stand, sign: "sync", line: _("还没有和学校对过"), detail: safe };
  }
}

function busyLine(note: SyncNote): string {
  const came = Object.values(note.got).reduce((sum, n) => sum + n, 0);
  if (note.sent + came === 0) return _("正在和学校对…");
  if (came === 0) return fmt(_("正在上传，已传{n}处改动"), { n: note.sent });
  return fmt(_("正在接收，已收{n}份"), { n: came });
}

/** What the last run did: "传上去3处改动，收到12份。" */
export function lastRun(note: SyncNote | undefined, now: Date): string {
  if (!note?.okAt) return _("还没有同步过");
  const when = fmt(_("上次同步 {when}"), { when: whenText(new Date(note.okAt), now) });
  if (note.state !== "ok") return when;
  const came = Object.values(note.got).reduce((sum, n) => sum + n, 0);
  const did = [
    note.sent > 0 ? fmt(_("传上去{n}处改动"), { n: note.sent }) : "",
    came > 0 ? fmt(_("收到{n}份"), { n: came }) : "",
  ].filter(Boolean);
  return `${when}，${did.length > 0 ? did.join("，") : _("两边一样")}`;
}
