/** 记录: what this person wrote and where each stands; one record, read-only. */
import { daysBetween, whenText } from "../clock";
import { type Context, notFound, page, type Route } from "../context";
import { recordOf } from "../fillview";
import { asRecord, heldElsewhere, heldWords } from "../held";
import { isMine, needs, standing } from "../me";
import { _, fmt } from "../text";
import type { View } from "../vault";
import { formWord, madeAt, nameOf, returnReason, row, subject } from "../words";

type Tab = "all" | "here" | "apart";
const TABS: Record<Tab, (view: View) => boolean> = {
  all: () => true,
  here: (view) => standing(view) === "draft" || view.pending.length > 0,
  apart: (view) => needs(view) !== null,
};

async function list(c: Context): Promise<Response> {
  const asked = c.url.searchParams.get("tab") ?? "all";
  const tab: Tab = asked in TABS ? (asked as Tab) : "all";
  const now = c.env.now();
  const visits = c.snap.views("visit").filter((view) => isMine(view, c.me));
  const own = [...visits, ...heldElsewhere(c.snap, c.me.id)];
  const rows = own.filter(TABS[tab]).map((view) => row(c.snap, view, c.me, now));
  rows.sort((a, b) => b.day.getTime() - a.day.getTime());
  const today = rows.filter(({ day }) => daysBetween(day, now) <= 0);
  const groups = [
    { title: _("今天"), rows: today },
    { title: _("以前"), rows: rows.filter((one) => !today.includes(one)) },
  ];
  const count = (name: Tab) => own.filter(TABS[name]).length;
  return page(c, c.partial ? "app/_records.html" : "app/records.html", {
    tab,
    tabs: [
      { name: "all", text: _("全部") },
      { name: "here", text: fmt(_("在本机 {n}"), { n: count("here") }) },
      { name: "apart", text: fmt(_("要处理 {n}"), { n: count("apart") }) },
    ],
    groups: groups.filter((group) => group.rows.length > 0),
    main: mainAction(c),
  });
}

/** What the button at the bottom begins, by role. */
export function mainAction(c: Context): { url: string; text: string } | null {
  if (c.me.sees.visits) return { url: "/app/pupils?for=home_visit", text: _("记一次走访") };
  return null;
}

async function one(c: Context): Promise<Response> {
  const found = c.snap.view(c.params.id ?? "");
  const view = found?.kind === "held" ? asRecord(c.snap, found) : found;
  if (view?.kind !== "visit") return notFound(c);
  const state = standing(view);
  const conflicts = Object.keys(view.siblings).sort();
  return page(c, "app/record.html", {
    id: view.id,
    title: [formWord(view.form), subject(c.snap, view)].filter(Boolean).join(" "),
    state,
    reason: state === "returned" ? returnReason(view) : "",
    held: [
      ...view.held.map(({ result }) => heldWords(result)),
      ...view.closed.map((reason) => fmt(_("学校看过，没有收：{reason}"), { reason })),
    ],
    conflict_url:
      conflicts.length > 0 ? `/app/decide/${view.id}/${encodeURIComponent(conflicts[0] ?? "")}` : "",
    conflict_text: conflicts.length > 0 ? fmt(_("有{n}处两个人填得不一样"), { n: conflicts.length }) : "",
    when: [whenText(madeAt(view), c.env.now()), nameOf(c.snap, view.meta.author)].filter(Boolean).join(" "),
    view: recordOf(c, view),
    editable: isMine(view, c.me) && (state === "draft" || state === "returned"),
    withdraw: isMine(view, c.me) && view.state === "submitted" ? `/app/fill/${view.id}/withdraw` : "",
  });
}

export const records: Route[] = [
  { method: "GET", pattern: "/app/records", handle: list },
  { method: "GET", pattern: "/app/records/:id", handle: one },
];
