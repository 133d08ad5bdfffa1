/**
 * What a doc looks like with this phone's own unsent changes on top. Twin of the simple half of sync/merge.py:
 * conflicts are decided on the server alone, so here the own value is always the one shown.
 */
import type { Doc, Json, Op, SetChange, Values } from "./protocol";

/** Events of a visit: name → states it may come from, and the state it leads to. */
const EVENTS: Record<string, { from: string[]; to: string }> = {
  submit: { from: ["draft", "returned"], to: "submitted" },
  withdraw: { from: ["submitted"], to: "draft" },
  return: { from: ["submitted"], to: "returned" },
  approve: { from: ["submitted"], to: "approved" },
  archive: { from: ["approved"], to: "archived" },
  void: { from: ["draft", "returned", "submitted", "approved"], to: "void" },
};

const FIRST_STATE: Record<string, string> = { visit: "draft", problem: "new", duty: "open", plan: "draft" };

/** States in which an edit takes effect at once; elsewhere it waits for a review as an amendment. */
const EDITABLE = new Set(["draft", "submitted", "returned"]);

/** The doc with one op applied; the same object when the op changes nothing. `null` is a doc not known yet. */
export function apply(doc: Doc | null, op: Op): Doc | null {
  if (op.op === "event") return doc && applyEvent(doc, op);
  if (!doc) return op.op === "create" ? setFields(emptyDoc(op), op) : null;
  if (doc.kind === "visit" && doc.state && !EDITABLE.has(doc.state)) return doc;
  return setFields(op.op === "settle" ? closeSiblings(doc, op) : doc, op);
}

function emptyDoc(op: Op): Doc {
  return {
    kind: op.kind,
    id: op.doc,
    rev: 0,
    form: op.form ?? null,
    form_version: op.form_version ?? null,
    state: FIRST_STATE[op.kind] ?? null,
    fields: {},
    siblings: {},
    meta: op.meta ?? {},
    notes: {},
  };
}

function applyEvent(doc: Doc, op: Op): Doc {
  const event = EVENTS[op.event ?? ""];
  if (doc.kind !== "visit" || !event?.from.includes(doc.state ?? "")) return doc;
  return { ...doc, state: event.to };
}

function setFields(doc: Doc, op: Op): Doc {
  if (!op.set || Object.keys(op.set).length === 0) return doc;
  const fields: Values = { ...doc.fields };
  for (const [path, value] of Object.entries(op.set)) {
    const next = isSetChange(path, value) ? changeSet(fields[path], value) : value;
    // an empty text is no text, there as here
    if (next === null || next === "" || (Array.isArray(next) && next.length === 0)) delete fields[path];
    else fields[path] = next;
  }
  return { ...doc, fields };
}

/** A whole field of elements to add and remove; a list's item and a matrix's cell have a "/" in their path. */
export function isSetChange(
  path: string,
  value: Json | undefined,
): value is SetChange & { [key: string]: Json } {
  if (path.includes("/") || typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return (
    keys.length > 0 && keys.every((key) => (key === "add" || key === "remove") && Array.isArray(value[key]))
  );
}

function changeSet(shown: Json | undefined, change: SetChange): Json {
  const elements = new Set(Array.isArray(shown) ? (shown as string[]) : []);
  for (const element of change.remove ?? []) elements.delete(element);
  for (const element of change.add ?? []) elements.add(element);
  return [...elements].sort();
}

function closeSiblings(doc: Doc, op: Op): Doc {
  const siblings = { ...doc.siblings };
  for (const [path, names] of Object.entries(op.sees ?? {})) {
    const open = (siblings[path] ?? []).filter((sibling) => !names.includes(sibling.sibling));
    if (open.length > 0) siblings[path] = open;
    else delete siblings[path];
  }
  return { ...doc, siblings };
}
