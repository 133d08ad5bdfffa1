/** The words of form definitions as they travel in `form` docs; twin of sync/questions.py. */

import type { Json } from "./protocol";

export type Merge = "scalar" | "set" | "text" | "list" | "immutable";
export type QuestionType =
  | "choice"
  | "choices"
  | "text"
  | "line"
  | "int"
  | "number"
  | "money"
  | "bool"
  | "date"
  | "datetime"
  | "time"
  | "tel"
  | "ref"
  | "refs"
  | "tags"
  | "list"
  | "photos"
  | "matrix"
  | "group"
  | "place"
  | "sign"
  | "json";

export interface Choice {
  name: string;
  label: string;
  exclusive?: boolean;
  alarm?: boolean;
  code?: string;
}

export interface Section {
  name: string;
  title: string;
  private?: boolean;
}

/** A bound that a rule sets (70 ℃); `lo` and `hi` are the ends of the gauge that shows it. */
export interface Limit {
  word: string;
  min?: number;
  max?: number;
  lo?: number;
  hi?: number;
  level?: "warn" | "danger";
}

export interface Rule {
  when: string;
  message: string;
  level?: Level;
  code?: string;
}

export type Level = "warning" | "danger" | "error";

/** One field of a form, or one column of an item; what each key means is told in sync/questions.py. */
export interface Question {
  name: string;
  type: QuestionType;
  label: string;
  merge: Merge;
  section?: string;
  sees?: string;
  sealed?: boolean;
  ask?: string;
  hint?: string;
  required?: boolean | string;
  required_message?: string;
  relevant?: string;
  moves?: { to: string; when: string };
  gate?: boolean;
  quick?: boolean;
  auto?: boolean;
  compute?: string;
  choices?: Choice[];
  rows?: Choice[];
  columns?: Question[];
  to?: string;
  keys?: string;
  min?: number;
  max?: number;
  soft_min?: number;
  soft_max?: number;
  step?: number;
  unit?: string;
  max_length?: number;
  min_items?: number;
  max_items?: number;
  ahead_minutes?: number;
  limit?: Limit;
  warnings?: Rule[];
}

/** One version of one form. */
export interface Form {
  name: string;
  version: number;
  kind: string;
  title: string;
  questions: Question[];
  sections?: Section[];
  meta?: Record<string, string>;
}

/** Shown values by path, as in a doc. */
export type Answers = Record<string, Json>;
