/** 要处理: two values for one field, side by side; a person chooses one or says a third. */
import { type Context, notFound, page, type Route, redirect } from "../context";
import { targetOf } from "../filling";
import { lastVisit, presented } from "../fillview";
import { posted } from "../posted";
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
  const last = lastVisit(c.snap, target);
  const all = presented(c, target, { section: "", last }).sections.flatMap(({ questions }) => questions);
  const question = find(all, field);
  if (!question) return notFound(c);
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
    back: `/app/records/${doc}`,
    action: `/app/decide/${doc}/${encodeURIComponent(field)}`,
    error,
    ask: whom(c, view.siblings[field]?.map(({ by }) => by) ?? []),
  };
  return page(c, "app/decide.html", data, status);
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
  const data = await c.request.formData();
  const keep = String(data.get("keep") ?? "");
  const chosen = seen.find(({ sibling }) => sibling === keep);
  let value: Json | undefined;
  if (chosen) value = chosen.value;
  else if (keep === "other") {
    const pairs = [...data.entries()].filter((pair): pair is [string, string] => typeof pair[1] === "string");
    value = posted(target.form, pairs).changes.find(({ path }) => path === field)?.value;
    if (value === undefined) return shown(c, _("请填上您认为对的，或者从上面选一个"), 422);
  } else if (keep !== "shown") return shown(c, _("请先选一个"), 422);
  const { kind, base, form, form_version } = view;
  const sees = { [field]: seen.map(({ sibling }) => sibling) };
  const about = { kind, doc, base, form: form ?? undefined, form_version: form_version ?? undefined };
  await c.vault.act({ ...about, set: value === undefined ? {} : { [field]: value }, sees }, (now) =>
    Boolean(now.view(doc)?.siblings[field]),
  );
  c.env.changed();
  c.env.sync();
  const rest = Object.keys(view.siblings).filter((path) => path !== field);
  return redirect(c, next(doc, rest.sort(), field));
}

/** The next thing to decide about a record, which says what was decided before it; else the record. */
function next(doc: string, open: string[], done = ""): string {
  const after = done && `?done=${encodeURIComponent(done)}`;
  return open[0] ? `/app/decide/${doc}/${encodeURIComponent(open[0])}${after}` : `/app/records/${doc}`;
}

export const decide: Route[] = [
  { method: "GET", pattern: "/app/decide/:doc/:field", handle: show },
  { method: "POST", pattern: "/app/decide/:doc/:field", handle: settle },
];
