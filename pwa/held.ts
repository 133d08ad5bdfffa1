/** 未接收: what the server keeps apart, as a record to read, where no op of this phone tells of it. */
import { apply } from "./apply";
import type { Doc, Op, Result, Values } from "./protocol";
import { _ } from "./text";
import { closedReason, type Snapshot, type View } from "./vault";

/** This person's work that was not taken and that an earlier phone or client sent, the oldest first. */
export function heldElsewhere(snap: Snapshot, me: string): View[] {
  const own = new Set(snap.stored.ops.map(({ client, op }) => `${client}:${op.seq}`));
  const docs = snap.views("held").filter(({ id, meta }) => meta.author === me && !own.has(id));
  return docs.filter(({ state }) => state === "waiting").map((held) => asRecord(snap, held));
}

/** What such an op says, as a record under its own name; empty where it was not kept or may not be seen. */
export function asRecord(snap: Snapshot, held: Doc): View {
  const { op, code, params } = held.fields as { op?: Op; code?: string; params?: Values };
  const meta = op?.meta ?? snap.view(op?.doc ?? "")?.meta ?? {};
  const made = op && apply(null, { ...op, op: "create", meta });
  const result: Result = { seq: 0, result: "held", code: code ?? "", params: params ?? {} };
  const none = { n: 0, client: "", doc: held.id, stage: "held" as const };
  return {
    ...(made ?? { ...held, form: null, fields: {} }),
    kind: "visit",
    id: held.id,
    meta: { ...made?.meta, author: held.meta.author ?? null },
    siblings: {},
    notes: {},
    base: 0,
    pending: [],
    held: held.state === "waiting" ? [{ ...none, op: op as Op, result }] : [],
    closed: held.state === "closed" ? [closedReason(held)] : [],
  };
}

/** Why the school did not take something, and that it is not lost. */
export function heldWords(result: Result | undefined): string {
  if (result?.params?.erased) return _("写的是已按规定删除的学生，学校没有收，也没有留下。");
  const words: Record<string, string> = {
    forbidden: _("这条记录现在不归您填，学校看过再定。内容还在。"),
    unknown_doc: _("这条记录的开头还没有被收下，学校处理后会一起收。"),
    duplicate_id: _("这条记录和别的重了，内容还在，请联系学校资助办。"),
    unknown_form: _("学校那边还不认识这张表，内容还在，请联系学校资助办。"),
    bad_value: _("有一处填的内容学校收不了，内容还在，请联系学校资助办。"),
    illegal_event: _("这条记录的状态已经变了，这一步没有生效。"),
    signed: _("已经签过字的内容不能再改。"),
    void: _("这条记录已经作废，后来的改动没有生效。"),
  };
  return words[result?.code ?? ""] ?? _("学校那边暂时没有收下，内容还在，请联系学校资助办。");
}
