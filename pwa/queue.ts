/** The queue of own changes: what a change becomes as an op, and which op may still take it in. Pure. */
import { isSetChange } from "./apply";
import { type Json, MAX_OP_BYTES, type Op, type Result, type SetChange, type Values } from "./protocol";

/**
 * Where an op stands. new: in no request yet, may take in more · sent: in a request, must not change any more ·
 * done: answered, its effect not yet in a pulled doc · past: the body is kept for a restored server · held: see result.
 */
export type Stage = "new" | "sent" | "done" | "past" | "held";

/** An op on this phone. `n` is the order of this phone over all clients it has been. */
export interface Queued {
  n: number;
  client: string;
  doc: string;
  stage: Stage;
  op: Op;
  result?: Result;
  /** When the server answered, in ms of this phone's clock. */
  answered?: number;
}

/** What a form or a screen asks to be saved. `base` is the rev of the pulled doc that was on screen. */
export interface Change {
  doc: string;
  kind: string;
  form: string;
  formVersion: number;
  base: number;
  set: Values;
  /** For texts: what the editor started from. */
  was?: Record<string, string>;
  /** What the doc is about; needed by the first save of a new doc. */
  meta?: Values;
}

/** The change as an op of its own. */
export function toOp(change: Change, isNew: boolean, seq: number, at: string): Op {
  const op: Op = {
    seq,
    op: isNew ? "create" : "edit",
    kind: change.kind,
    doc: change.doc,
    base: isNew ? 0 : change.base,
    form: change.form,
    form_version: change.formVersion,
    set: tidy(change.set),
    at,
  };
  if (change.was && Object.keys(change.was).length > 0) op.was = tidyTexts(change.was);
  if (isNew) op.meta = change.meta ?? {};
  return op;
}

/** The unsent op with the change taken in, or null where the change needs an op of its own. */
export function absorb(last: Queued | undefined, change: Change, at: string): Op | null {
  if (last?.stage !== "new") return null;
  const { op } = last;
  const mayTake = op.op === "create" || (op.op === "edit" && op.base === change.base);
  if (!mayTake || op.form_version !== change.formVersion) return null;
  const set: Values = { ...op.set };
  for (const [path, value] of Object.entries(tidy(change.set))) set[path] = joined(path, set[path], value);
  const taken: Op = { ...op, set, at };
  const was = { ...tidyTexts(change.was ?? {}), ...op.was };
  if (Object.keys(was).length > 0) taken.was = was;
  return byteLength(taken) <= MAX_OP_BYTES ? taken : null;
}

function joined(path: string, before: Json | undefined, value: Json): Json {
  if (!isSetChange(path, before) || !isSetChange(path, value)) return value;
  const add = new Set(before.add ?? []);
  const remove = new Set(before.remove ?? []);
  for (const element of value.remove ?? []) {
    add.delete(element);
    remove.add(element);
  }
  for (const element of value.add ?? []) {
    remove.delete(element);
    add.add(element);
  }
  const joint: SetChange = { add: [...add], remove: [...remove] };
  return joint as Json;
}

/**
 * `was` of a text that goes on after an earlier part of it was already sent: that part is what stands on the server
 * now, though the page still names the text that it opened with.
 */
export function continued(own: Queued[], change: Change): Change {
  if (!change.was) return change;
  const was = { ...change.was };
  for (const { op, stage } of own) {
    if (stage === "held" || op.base !== change.base || !op.was) continue;
    for (const [path, text] of Object.entries(op.was)) {
      const sent = op.set?.[path];
      if (was[path] === text && typeof sent === "string") was[path] = sent;
    }
  }
  return { ...change, was };
}

/** Texts as the protocol wants them: NFC, LF. */
function tidy(set: Values): Values {
  return Object.fromEntries(
    Object.entries(set).map(([k, v]) => [k, typeof v === "string" ? tidyText(v) : v]),
  );
}

function tidyTexts(was: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(was).map(([path, text]) => [path, tidyText(text)]));
}

function tidyText(text: string): string {
  return text.normalize("NFC").replace(/\r\n?/g, "\n");
}

export function byteLength(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
