/** What a signature on the phone vouches for: the names of the answers that were shown, and a hash of each. */
import { stamp } from "./clock";
import type { Context } from "./context";
import type { Target } from "./filling";
import type { Form } from "./forms";
import type { Change } from "./posted";
import type { Json, Values } from "./protocol";

/** Compact JSON with sorted keys, as the server hashes it (sync/events.py, cover). */
export function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const parts = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${parts.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(",")}}`;
}

export async function cover(value: Json): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(value)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Answers that whoever signs was shown: never what only the visitors see, never the sealed question. */
export function covered(form: Form, values: Values): [string, Json][] {
  return Object.entries(values).filter(([path, value]) => {
    const question = form.questions.find(({ name }) => name === path.split("/")[0]);
    if (!question || value === null || question.auto) return false;
    return (
      question.sees !== "T" && !question.sealed && question.type !== "sign" && question.type !== "photos"
    );
  });
}

/** Whether this change is a signature put down. */
export function isSignature(form: Form, { path, value }: Change): boolean {
  return value !== null && form.questions.some(({ name, type }) => name === path && type === "sign");
}

/** The signature with what it covers of the record as it is stored now, and when it was made. */
export async function signature(c: Context, target: Target, change: Change): Promise<Change> {
  const covers: Values = {};
  for (const [path, value] of covered(target.form, target.view?.fields ?? {}))
    covers[path] = await cover(value);
  return { ...change, value: { ...(change.value as object), covers, at: stamp(c.env.now()) } };
}
