/** The sheet that says in words what waits, what needs somebody, and what the last sync did; and the first sync. */
import { type Context, page, type Route, redirect } from "../context";
import { apart } from "../me";
import type { SyncNote } from "../records";
import { lastRun, standOf } from "../stand";
import { warning } from "../storage";
import { _, fmt } from "../text";
import { row } from "../words";

async function sheet(c: Context): Promise<Response> {
  return page(c, c.partial ? "app/_sync.html" : "app/sync.html", await content(c));
}

async function content(c: Context): Promise<object> {
  const now = c.env.now();
  const note = await c.vault.shelf.note<SyncNote>("sync");
  const waiting = c.snap.unsentDocs.map((id) => c.snap.view(id)).filter((view) => view?.kind === "visit");
  const rows = waiting.filter((view) => view !== undefined).map((view) => row(c.snap, view, c.me, now));
  const needing = apart(c.snap, c.me).map((view) => row(c.snap, view, c.me, now));
  return {
    stand: standOf(note, c.snap.unsentDocs.length, c.env.online(), now),
    waiting: rows.map((one) => ({ ...one, state: "phone" })),
    waiting_text: fmt(_("待同步 {n}条"), { n: rows.length }),
    apart: needing,
    apart_text: fmt(_("要处理 {n}条"), { n: needing.length }),
    warning: warning((await c.env.space?.()) ?? null, c.snap, now),
    last: lastRun(note, now),
    signin_url: `/app/signin?phone=${encodeURIComponent(c.card.phone)}`,
  };
}

/** The button. It never blocks: the run goes on by itself, and the sheet follows it. */
async function start(c: Context): Promise<Response> {
  c.env.sync(true);
  return redirect(c, c.url.searchParams.get("back") === "first" ? "/app/first" : "/app/sync");
}

const STEPS: { kinds: string[]; text: () => string }[] = [
  { kinds: ["form"], text: () => _("表格") },
  {
    kinds: ["student", "household", "duty", "person", "building", "meal", "leave"],
    text: () => _("名单和走访计划"),
  },
  { kinds: ["visit", "problem", "plan", "held"], text: () => _("近90天的记录") },
];

/** The first sync, as it goes. Leads on by itself once everything is here. */
async function first(c: Context): Promise<Response> {
  const note = await c.vault.shelf.note<SyncNote>("sync");
  if (note && note.okAt > 0 && c.snap.core.cursor !== null) return redirect(c, "/app/");
  const stored = new Map<string, number>();
  for (const { kind } of c.snap.stored.docs.values()) stored.set(kind, (stored.get(kind) ?? 0) + 1);
  const steps = STEPS.map(({ kinds, text }) => {
    return { text: text(), n: kinds.reduce((sum, kind) => sum + (stored.get(kind) ?? 0), 0) };
  });
  const total = steps.reduce((sum, step) => sum + step.n, 0);
  return page(c, c.partial ? "app/_first.html" : "app/first.html", {
    stand: standOf(note, 0, c.env.online(), c.env.now()),
    busy: !note || note.state === "busy" || note.state === "none",
    total: fmt(_("已收{n}份"), { n: total }),
    steps: steps.map(({ text, n }) => ({ text, n: n > 0 ? fmt(_("{n}份"), { n }) : _("等着"), here: n > 0 })),
  });
}

export const sync: Route[] = [
  { method: "GET", pattern: "/app/sync", handle: sheet },
  { method: "POST", pattern: "/app/sync", handle: start },
  { method: "GET", pattern: "/app/first", handle: first },
];
