/** A form being filled on the phone: a section at a time, saved at each change, checked when it is submitted. */
import { type Context, html, notFound, page, type Route, redirect } from "../context";
import { event, fillUrl, newId, save, submit, type Target, targetOf } from "../filling";
import { form as formModel, type Mode, modeOf } from "../fillview";
import { BadValue, checkValue } from "../forms";
import { isMine } from "../me";
import { type Change, type Pairs, pairsOf, posted } from "../posted";
import { isSignature, signature } from "../signing";
import { _ } from "../text";
import type { View } from "../vault";
import { formWord, subject } from "../words";
import { openMeal } from "./meal";
import { openRound, showRound } from "./round";

/** Opens a new record of a form; it is made at the first change, so looking leaves nothing behind. */
async function begin(c: Context): Promise<Response> {
  const name = c.params.form ?? "";
  if (name === "night_round") return openRound(c);
  if (name.startsWith("meal_audit")) return openMeal(c, name);
  const about = c.url.searchParams;
  if (!about.get("student") && !about.get("household"))
    return redirect(c, `/app/pupils?for=${encodeURIComponent(name)}`);
  const query = new URLSearchParams(about);
  query.set("form", name);
  return redirect(c, `/app/fill/${newId(c)}?${query}`);
}

/** Only its author and those who came along write in a record, and only until it is approved. */
function isOpen(c: Context, view: View | undefined): boolean {
  return (
    !view || (isMine(view, c.me) && (!view.state || view.state === "draft" || view.state === "returned"))
  );
}

const NOTE = "place:";

async function show(c: Context): Promise<Response> {
  const target = targetOf(c, c.params.id ?? "");
  if (!target) return notFound(c);
  if (!isOpen(c, target.view)) return redirect(c, `/app/records/${target.id}`);
  const kept = await c.vault.shelf.note<string>(NOTE + target.id);
  const mode = modeOf(c.url.searchParams, target, kept ?? "");
  if (mode.section && mode.section !== kept) await c.vault.shelf.putNote(NOTE + target.id, mode.section);
  if (target.form.name === "night_round" && !mode.checking && (mode.section || "round") === "round")
    return showRound(c);
  return page(c, "app/fill.html", pageData(c, target, mode), mode.checking ? 422 : 200);
}

function pageData(c: Context, target: Target, mode: Mode, wrong: Record<string, string> = {}): object {
  const view = target.view ?? ({ meta: target.meta, fields: {} } as unknown as View);
  const fill = formModel(c, target, mode, wrong);
  return {
    title: `${formWord(target.form.name)} ${subject(c.snap, view)}`.trim(),
    back: backOf(c, target),
    last_url: fill.last_id ? `/app/records/${fill.last_id}` : "",
    fill,
  };
}

function backOf(c: Context, target: Target): string {
  if (target.form.name === "night_round") return fillUrl(target, c.url.searchParams, { s: "round" });
  const students = target.meta.students;
  return Array.isArray(students) && students.length === 1 ? `/app/pupils/${students[0]}` : "/app/";
}

/** What was typed or chosen: stored, and the form's inside as it stands now. */
async function autosave(c: Context): Promise<Response> {
  const target = targetOf(c, c.params.id ?? "");
  if (!target || !isOpen(c, target.view)) return notFound(c);
  const pairs = await pairsOf(c.request);
  const wrong = await store(c, target, pairs);
  const after = { ...c, snap: await c.vault.snapshot() };
  const fresh = targetOf(after, target.id);
  const mode = modeOf(c.url.searchParams, target, value(pairs, "s"));
  const fill = formModel(after, fresh ?? target, { ...mode, section: value(pairs, "s") }, wrong);
  return html(c.env.render("app/_fill.html", { fill }));
}

/** One of the form's buttons: whatever the page holds is stored first, then it leads on. */
async function go(c: Context): Promise<Response> {
  const target = targetOf(c, c.params.id ?? "");
  if (!target) return notFound(c);
  if (!isOpen(c, target.view)) return redirect(c, `/app/records/${target.id}`);
  const pairs = await pairsOf(c.request);
  const wrong = await store(c, target, pairs);
  const section = value(pairs, "s");
  const after = { ...c, snap: await c.vault.snapshot() };
  const now = targetOf(after, target.id) ?? target;
  const to = (more: Record<string, string>, hash = "") =>
    redirect(c, fillUrl(now, c.url.searchParams, more) + hash);
  const add = value(pairs, "add");
  const keep = { s: section, all: c.url.searchParams.get("all") ?? "" };
  if (add) return to({ ...keep, add: `${add}/${newId(c)}` }, `#q-${add}`);
  const mode = modeOf(c.url.searchParams, now, section);
  const model = formModel(after, now, { ...mode, section }, wrong);
  if (Object.keys(wrong).length > 0)
    return page(after, "app/fill.html", pageData(after, now, { ...mode, section }, wrong), 422);
  const step = value(pairs, "go");
  if (step === "previous") return to({ ...keep, s: model.previous_name });
  if (step !== "submit") return to({ ...keep, s: model.next_name || section });
  return finish(after, now, mode);
}

/** Submits what is complete; anything missing is shown where it is missing. */
async function finish(c: Context, target: Target, mode: Mode): Promise<Response> {
  const { problems } = formModel(c, target, { ...mode, checking: true });
  const first = problems[0];
  if (first) {
    const more = { s: first.section, check: "1", all: target.view?.state === "returned" ? "1" : "" };
    return redirect(c, `${fillUrl(target, c.url.searchParams, more)}#q-${first.path}`);
  }
  await submit(c, target.id);
  return redirect(c, `/app/records/${target.id}`);
}

/** Back from submitted to draft, before anybody reviewed it. */
async function withdraw(c: Context): Promise<Response> {
  const view = c.snap.view(c.params.id ?? "");
  if (view?.kind !== "visit" || !isMine(view, c.me)) return notFound(c);
  await event(c, view.id, "withdraw", ["submitted"]);
  return redirect(c, `/app/fill/${view.id}`);
}

function value(pairs: Pairs, name: string): string {
  return pairs.find(([key]) => key === name)?.[1] ?? "";
}

/** Stores what can be stored; the rest comes back as words by path, and stays on the page as it was typed. */
async function store(c: Context, target: Target, pairs: Pairs): Promise<Record<string, string>> {
  const { changes, unreadable } = posted(target.form, pairs);
  const wrong: Record<string, string> = Object.fromEntries(
    unreadable.map((path) => [path, _("这里只能填数字。")]),
  );
  const good: Change[] = [];
  for (const change of changes) {
    try {
      checkValue(target.form, change.path, change.value);
      good.push(change);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      wrong[change.path] = _("这里填的不对，请再看一下。");
    }
  }
  const signatures = good.filter((change) => isSignature(target.form, change));
  await save(
    c,
    target,
    good.filter((change) => !signatures.includes(change)),
  );
  for (const change of signatures) {
    const view = (await c.vault.snapshot()).view(target.id);
    await save(c, { ...target, view }, [await signature(c, { ...target, view }, change)]);
  }
  return wrong;
}

export const fill: Route[] = [
  { method: "GET", pattern: "/app/new/:form", handle: begin },
  { method: "GET", pattern: "/app/fill/:id", handle: show },
  { method: "POST", pattern: "/app/fill/:id", handle: go },
  { method: "POST", pattern: "/app/fill/:id/field", handle: autosave },
  { method: "POST", pattern: "/app/fill/:id/withdraw", handle: withdraw },
];
