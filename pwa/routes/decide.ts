/** 要处理: two values for one field, side by side; a person chooses one or says a third. */
import { type Context, notFound, page, type Route, redirect } from "../context";
import type { Bytes } from "../crypto/bytes";
import { openRow, place, sealRow } from "../crypto/rows";
import { type Target, targetOf } from "../filling";
import { lastVisit, presented } from "../fillview";
import { type Pairs, pairsOf, posted } from "../posted";
import type { ControlView } from "../present_control";
import type { Json } from "../protocol";
import { _, fmt } from "../text";
import { formWord, subject } from "../words";

async function show(c: Context): Promise<Response> {
  return shown(c, "", 200);
}

async function shown(c: Context, error: string, status: number): Promise<Response> {
  const { doc = "", field = "" } = c.params;
  const target = targetOf(c, doc);
  const view = target?.view;
  if (!target || !view) return notFound(c);
  const open = Object.keys(view.siblings).sort();
  if (!open.includes(field)) return redirect(c, next(doc, open));
  const all = questions(c, target);
  const question = find(all, field);
  if (!question) return notFound(c);
  const typed = thirdOf(target, field, await kept(c, doc, field));
  const fields = { ...view.fields, [field]: typed ?? null };
  const own =
    typed === undefined ? undefined : find(questions(c, { ...target, view: { ...view, fields } }), field);
  const before = find(all, c.url.searchParams.get("done") ?? "");
  const n = open.length;
  let place = n > 1 ? fmt(_("有{n}处要定"), { n }) : "";
  if (before) place = fmt(_("已定：{value}。还有{n}处"), { value: before.text || _("空着"), n });
  const data = {
    title: `${formWord(view.form)} ${subject(c.snap, view)}`.trim(),
    place,
    q: question,
    heading: fmt(_("{label}，两个人填得不一样"), { label: label(all, question) }),
    other: !field.includes("/"),
    own: own ?? question,
    chosen: own !== undefined,
    back: `/app/records/${doc}`,
    action: `/app/decide/${doc}/${encodeURIComponent(field)}`,
    error,
    ask: whom(c, view.siblings[field]?.map(({ by }) => by) ?? []),
  };
  return page(c, "app/decide.html", data, status);
}

function questions(c: Context, target: Target): ControlView[] {
  const last = lastVisit(c.snap, target);
  return presented(c, target, { section: "", last }).sections.flatMap(({ questions }) => questions);
}

/** The question, item or cell with that path. */
function find(questions: ControlView[], path: string): ControlView | undefined {
  return questions.flatMap((q) => [q, ...q.entries, ...q.rows]).find((one) => one.path === path);
}

function label(questions: ControlView[], one: ControlView): string {
  const owner = questions.find((q) => one.path.startsWith(`${q.path}/`));
  return [owner?.label, one.title || one.label].filter(Boolean).join(" ");
}

/** Another person of those who disagree, with a number to call if this phone has one. */
function whom(c: Context, people: string[]): { name: string; tel: string } | null {
  const person = c.snap.view(people.find((id) => id !== c.me.id) ?? "");
  const tel = typeof person?.fields.phone === "string" ? person.fields.phone : "";
  return tel ? { name: String(person?.fields.name ?? ""), tel } : null;
}

async function settle(c: Context): Promise<Response> {
  const { doc = "", field = "" } = c.params;
  const target = targetOf(c, doc);
  const view = target?.view;
  if (!target || !view) return notFound(c);
  const seen = view.siblings[field] ?? [];
  const pairs = await pairsOf(c.request);
  const keep = pairs.find(([name]) => name === "keep")?.[1] ?? "";
  const chosen = seen.find(({ sibling }) => sibling === keep);
  let value: Json | undefined;
  if (chosen) value = chosen.value;
  else if (keep === "other") {
    value = thirdOf(target, field, pairs);
    if (value === undefined) return shown(c, _("请填上您认为对的，或者从上面选一个"), 422);
  } else if (keep !== "shown") return shown(c, _("请先选一个"), 422);
  const { kind, base, form, form_version } = view;
  const sees = { [field]: seen.map(({ sibling }) => sibling) };
  const about = { kind, doc, base, form: form ?? undefined, form_version: form_version ?? undefined };
  await c.vault.act({ ...about, set: value === undefined ? {} : { [field]: value }, sees }, (now) =>
    Boolean(now.view(doc)?.siblings[field]),
  );
  await c.vault.shelf.putNote(noteOf(c, doc, field), undefined);
  c.env.changed();
  c.env.sync();
  const rest = Object.keys(view.siblings).filter((path) => path !== field);
  return redirect(c, next(doc, rest.sort(), field));
}

/** The third value that was typed; undefined where there is none. */
function thirdOf(target: Target, field: string, pairs: Pairs): Json | undefined {
  return posted(target.form, pairs).changes.find(({ path }) => path === field)?.value;
}

/** Where it lies until it is said: under the vault's key, since the phone may lock or be put away meanwhile. */
function noteOf(c: Context, doc: string, field: string): string {
  return place(c.card.id, "notes", `decide:${doc}:${field}`);
}

async function keep(c: Context): Promise<Response> {
  const { doc = "", field = "" } = c.params;
  const held = c.env.device.ring.key(c.card.user);
  const note = noteOf(c, doc, field);
  const pairs = await pairsOf(c.request);
  if (held) await c.vault.shelf.putNote(note, await sealRow(held.key, note, pairs));
  return new Response(null, { status: 204 });
}

/** What was kept; nothing where another key is used now. */
async function kept(c: Context, doc: string, field: string): Promise<Pairs> {
  const held = c.env.device.ring.key(c.card.user);
  const note = noteOf(c, doc, field);
  const box = await c.vault.shelf.note<Bytes>(note);
  if (!held || !box) return [];
  return openRow(held.key, note, box).catch(() => []) as Promise<Pairs>;
}

/** The next thing to decide about a record, which says what was decided before it; else the record. */
function next(doc: string, open: string[], done = ""): string {
  const after = done && `?done=${encodeURIComponent(done)}`;
  return open[0] ? `/app/decide/${doc}/${encodeURIComponent(open[0])}${after}` : `/app/records/${doc}`;
}

export const decide: Route[] = [
  { method: "GET", pattern: "/app/decide/:doc/:field", handle: show },
  { method: "POST", pattern: "/app/decide/:doc/:field", handle: settle },
  { method: "POST", pattern: "/app/decide/:doc/:field/own", handle: keep },
];
