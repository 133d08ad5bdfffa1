/** The messages of the sync protocol (sync/PROTOCOL.md) as the phone reads and writes them. */

export const VERSION = 1;
export const MAX_OPS = 200;
export const MAX_PUSH_BYTES = 1 << 20;
export const MAX_OP_BYTES = 64 << 10;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Values = Record<string, Json>;

/** A value entered without sight of the one now shown; it waits for a person. */
export interface Sibling {
  sibling: string;
  value: Json;
  by: string;
  at: string | null;
}

/** One thing that is synced, as pulled. */
export interface Doc {
  kind: string;
  id: string;
  rev: number;
  form?: string | null;
  form_version?: number | null;
  state?: string | null;
  fields: Values;
  siblings?: Record<string, Sibling[]>;
  meta: Values;
  notes?: Values;
}

/** What a set gains and loses. */
export interface SetChange {
  add?: string[];
  remove?: string[];
}

/** One change that a person made. It never changes once it has been in any request. */
export interface Op {
  seq: number;
  op: "create" | "edit" | "event" | "settle";
  kind: string;
  doc: string;
  base: number;
  form?: string;
  form_version?: number;
  set?: Values;
  was?: Record<string, string>;
  sees?: Record<string, string[]>;
  event?: string;
  from?: string;
  args?: Values;
  meta?: Values;
  at: string;
}

export type Outcome = "applied" | "merged" | "conflict" | "held";

/** The answer to one op. */
export interface Result {
  seq: number;
  result: Outcome;
  rev?: number;
  fields?: string[];
  warnings?: { field: string; code: string }[];
  code?: string;
  params?: Values;
}

export interface SyncRequest {
  protocol: number;
  epoch: string | null;
  client: string;
  push?: Op[];
  pull: { cursor: string | null; limit: number };
}

export interface SyncReply {
  epoch: string;
  now: string;
  acked: number;
  durable: number;
  results: Result[];
  docs: Doc[];
  drop: { kind: string; id: string }[];
  cursor: string | null;
  more: boolean;
}

/** RFC 9457, with the fields that the protocol adds. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  csrf?: string;
  expected?: number;
  acked?: number;
  inherited?: number;
  differs?: number;
  epoch?: string;
  results?: Result[];
  [more: string]: unknown;
}

/** Of `…/gap` the word after the last slash: "gap". */
export function problemName(problem: Problem): string {
  return (problem.type ?? "").split("/").pop() ?? "";
}
