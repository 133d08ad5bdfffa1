/** A vault's rows: what of them is in the clear (ids, counters, stages), and how the rest goes into its box and out. */
import { type Bytes, utf8 } from "./crypto/bytes";
import { openRow, place, sealRow } from "./crypto/rows";
import { sealTo } from "./crypto/server";
import type { Doc } from "./protocol";
import type { Queued, Stage } from "./queue";
import type { Core, Writes } from "./records";
import type { Held } from "./ring";

/** `k`: the data key that the box is under; without one (a store of before there were vaults) it is as it was given. */
export interface DocRow {
  id: string;
  k?: string;
  box: unknown;
}
export interface OpRow {
  n: number;
  doc: string;
  /** Where the op stands; this one counts, not the one in the box. */
  stage: Stage;
  live?: 1;
  k?: string;
  box: unknown;
  client?: string;
  seq?: number;
  /** The op sealed to the server's key of that id. */
  seal?: Bytes;
  sealKey?: string;
  /** The address that it was sealed under, where it has another one now. */
  from?: string;
  /** When the server took it sealed, in ms: its result is asked for once the vault is open. */
  delivered?: number;
}

/** Nothing can be read or written: the person has to unlock first. */
export class Locked extends Error {
  override name = "Locked";
}

export interface Rows {
  docs: DocRow[];
  beside: DocRow[];
  ops: OpRow[];
}

/** The boxes of one shelf under the key that is open now, or in the clear where the shelf has no key yet. */
export class Boxes {
  constructor(
    private readonly shelf: string,
    private readonly keyId: string | undefined,
    private readonly held: Held | null,
  ) {}

  /** Whether the shelf has a key and it isn't open. */
  get locked(): boolean {
    return this.keyId !== undefined && this.held?.keyId !== this.keyId;
  }

  /** Whether this row is under a key that nobody has any more. */
  shut(row: OpRow): boolean {
    return row.k !== undefined && row.k !== this.keyId;
  }

  async doc(value: Doc): Promise<DocRow> {
    return { id: value.id, ...(await this.box("docs", value.id, value)) };
  }

  async op(value: Queued): Promise<OpRow> {
    const { n, doc, stage, client, op } = value;
    const row: OpRow = { n, doc, stage, client, seq: op.seq, ...(await this.box("ops", n, value)) };
    if (stage !== "past") row.live = 1;
    const { server: to, user } = this.held ?? {};
    if (row.k === undefined || !to) return row;
    row.seal = await sealTo(to, `${user}|${client}:${op.seq}`, utf8(JSON.stringify(op)));
    row.sealKey = to.id;
    return row;
  }

  async rows(writes: Writes): Promise<Rows> {
    const [docs, beside, ops] = await Promise.all([
      Promise.all((writes.docs ?? []).map((one) => this.doc(one))),
      Promise.all((writes.beside ?? []).map((one) => this.doc(one))),
      Promise.all((writes.ops ?? []).map((one) => this.op(one))),
    ]);
    return { docs, beside, ops };
  }

  async openDoc(row: DocRow): Promise<Doc> {
    return (await this.open("docs", row.id, row)) as Doc;
  }

  async openOp(row: OpRow): Promise<Queued> {
    return { ...((await this.open("ops", row.n, row)) as Queued), stage: row.stage };
  }

  private async box(
    store: string,
    id: string | number,
    value: unknown,
  ): Promise<{ k?: string; box: unknown }> {
    if (this.keyId === undefined) return { box: value };
    if (!this.held || this.locked) throw new Locked();
    return { k: this.keyId, box: await sealRow(this.held.key, place(this.shelf, store, id), value) };
  }

  private async open(store: string, id: string | number, row: DocRow | OpRow): Promise<unknown> {
    if (row.k === undefined) return row.box;
    if (!this.held || this.locked) throw new Locked();
    return openRow(this.held.key, place(this.shelf, store, id), row.box as Bytes);
  }
}

/** The row of an op that nobody can open any more: it waits to be sent sealed, or is kept for a restored server. */
export function orphaned(row: OpRow, now: number): OpRow {
  if (row.stage === "new" || row.stage === "sent") return row.delivered ? pastRow(row, row.delivered) : row;
  return pastRow(row, row.delivered ?? now);
}

/** The server has it, and nobody will ever ask what became of it. */
export function pastRow(row: OpRow, delivered: number): OpRow {
  const { live: _live, ...rest } = row;
  return { ...rest, stage: "past", delivered };
}

/** Whether the op still waits for the server to have it. */
export function waits(row: OpRow): boolean {
  return (row.stage === "new" || row.stage === "sent") && row.delivered === undefined;
}

/** The server has these sealed. Those whose key is open again some day are then asked for their results. */
export function deliveredRow(row: OpRow, boxes: Boxes, now: number): OpRow {
  return boxes.shut(row) ? pastRow(row, now) : { ...row, stage: "sent", live: 1, delivered: now };
}

/** To be sent once more, whatever was said before. */
export function againRow(row: OpRow): OpRow {
  const { delivered: _delivered, ...rest } = row;
  return { ...rest, stage: "sent", live: 1 };
}

/** The counters after a new beginning under another key: nothing pulled, the queue goes on. */
export function restarted(core: Core, keyId: string): Core {
  return { ...core, k: keyId, cursor: null, rebuilding: false, drops: [], left: core.left + 1 };
}
