/** What filling any form on the phone shares: which record is meant, and how a change of it is stored. */
import { isoDay, stamp } from "./clock";
import { type Context, schoolNow } from "./context";
import type { Form } from "./forms";
import { uuid7 } from "./ids";
import type { Change } from "./posted";
import type { Json, Values } from "./protocol";
import type { Snapshot, View } from "./vault";

/** A record being filled; `view` is undefined until the first change makes it, with `meta`. */
export interface Target {
  id: string;
  form: Form;
  view: View | undefined;
  meta: Values;
}

const ABOUT = ["student", "household", "building", "night", "meal", "duty"];

/** The definition that a record was made with, or the newest of that name. */
export function formOf(snap: Snapshot, name: string, version?: number | null): Form | null {
  const definitions = snap
    .views("form")
    .map(({ fields }) => fields.definition as unknown as Form | undefined);
  const found = definitions.filter((form) => form?.name === name && (!version || form.version === version));
  return found.sort((a, b) => (b?.version ?? 0) - (a?.version ?? 0))[0] ?? null;
}

/** The record with that id; a new one when the address says what it will be about. Null for what is not here. */
export function targetOf(c: Context, id: string, about: URLSearchParams = c.url.searchParams): Target | null {
  const view = c.snap.view(id);
  if (view) {
    const form = view.kind === "visit" && view.form ? formOf(c.snap, view.form, view.form_version) : null;
    return form && { id, form, view, meta: view.meta };
  }
  const form = formOf(c.snap, about.get("form") ?? "");
  return form?.kind === "visit" ? { id, form, view: undefined, meta: metaFrom(c, form, about) } : null;
}

function metaFrom(c: Context, form: Form, about: URLSearchParams): Values {
  const given = Object.fromEntries(ABOUT.map((key) => [key, about.get(key) ?? ""]));
  const student = given.student ? c.snap.view(given.student) : undefined;
  const household = given.household || student?.fields.household;
  const wanted: Record<string, Json | undefined> = {
    students: given.student ? [given.student] : undefined,
    household: typeof household === "string" && household ? household : undefined,
    building: given.building || undefined,
    night: given.building ? given.night || nightOf(c.env.now()) : undefined,
    meal: given.meal || undefined,
    part: given.meal ? (form.name === "meal_audit_a" ? "a" : "b") : undefined,
    duty: given.duty || undefined,
  };
  const known = Object.keys(form.meta ?? wanted);
  const entries = Object.entries(wanted).filter(([key, value]) => value !== undefined && known.includes(key));
  return Object.fromEntries(entries) as Values;
}

/** The night that a round at this hour belongs to: after midnight it is still the evening before. */
export function nightOf(now: Date): string {
  return isoDay(new Date(now.getTime() - 5 * 3_600_000));
}

/** What an address must carry for as long as the record is not made. */
export function carried(target: Target, about: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  if (target.view) return query;
  query.set("form", target.form.name);
  for (const key of ABOUT) if (about.get(key)) query.set(key, about.get(key) ?? "");
  return query;
}

/** `/app/fill/<id>` with a query of what is carried and what is given. */
export function fillUrl(
  target: Target,
  about: URLSearchParams,
  more: Record<string, string> = {},
  path = "",
): string {
  const query = carried(target, about);
  for (const [key, value] of Object.entries(more)) if (value) query.set(key, value);
  const text = query.toString();
  return `/app/fill/${encodeURIComponent(target.id)}${path}${text ? `?${text}` : ""}`;
}

/** Stores changes; durable when it resolves. The first makes the record, with its time and who was there. */
export async function save(c: Context, target: Target, changes: Change[]): Promise<void> {
  if (changes.length === 0) return;
  const { form, id } = target;
  const about = { doc: id, kind: form.kind, form: form.name, formVersion: form.version, meta: target.meta };
  const all = target.view ? changes : opening(c, form, changes);
  for (const base of [...new Set(all.map((change) => change.base))]) {
    const part = all.filter((change) => change.base === base);
    const was = part.filter((change) => change.was !== undefined).map(({ path, was }) => [path, was ?? ""]);
    await c.vault.save({
      ...about,
      base,
      set: Object.fromEntries(part.map(({ path, value }) => [path, value])),
      was: Object.fromEntries(was),
    });
  }
  c.env.changed();
  c.env.sync();
}

/** What a record begins with, as the page shows it: when, and who is there. Open to correction. */
export function beginning(c: Context, form: Form): Values {
  const values: Values = { occurred_at: stamp(schoolNow(c)), visitors: [c.me.id] };
  return Object.fromEntries(Object.entries(values).filter(([path]) => asks(form, path)));
}

/** The first changes, with what the page showed as given and what the phone's clock said then. */
function opening(c: Context, form: Form, changes: Change[]): Change[] {
  const { skew, epoch } = c.snap.core;
  const clock = { device: stamp(c.env.now()), skew: Math.round(skew / 1000), checked: epoch !== null };
  const given: Values = { ...beginning(c, form), clock, visitors: { add: [c.me.id], remove: [] } };
  const made = Object.entries(given)
    .filter(([path]) => asks(form, path) && !changes.some((change) => change.path === path))
    .map(([path, value]) => ({ path, base: 0, value }));
  return [
    ...made,
    ...changes.map((change) => (change.path === "visitors" ? withMe(change, c.me.id) : change)),
  ];
}

/** The page showed oneself as chosen: unless that was taken back, it is stored with the others. */
function withMe(change: Change, me: string): Change {
  const { add = [], remove = [] } = change.value as { add?: string[]; remove?: string[] };
  return remove.includes(me) ? change : { ...change, value: { add: [...add, me], remove } };
}

function asks(form: Form, path: string): boolean {
  return form.questions.some(({ name }) => name === path);
}

/** Queues the submit, once: a second tap finds the record already there. */
export async function submit(c: Context, id: string): Promise<void> {
  await event(c, id, "submit", ["draft", "returned"]);
}

/** Queues an event of a record that is in one of these states at the moment of writing. */
export async function event(c: Context, id: string, name: string, from: string[]): Promise<void> {
  const view = (await c.vault.snapshot()).view(id);
  if (!view) return;
  const { kind, base, form, form_version, state } = view;
  const about = { kind, doc: id, base, form: form ?? undefined, form_version: form_version ?? undefined };
  await c.vault.act({ ...about, event: name, from: state ?? undefined }, (snap) =>
    from.includes(snap.view(id)?.state ?? ""),
  );
  c.env.changed();
  c.env.sync();
}

/** A fresh id for a record that is about to be opened. */
export function newId(c: Context): string {
  return uuid7(c.env.now().getTime());
}
