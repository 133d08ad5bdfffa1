/**
 * Conditions in forms, over the answers as `f`; twin of sync/cel.py inside the subset of sync/cel_subset.py.
 * Definitions are linted before they reach a phone, so types are not checked here before an evaluation.
 */

import { parse, type Tree } from "./cel/parse";
import { run } from "./cel/run";

export { dayNumber, empty } from "./cel/functions";

const trees = new Map<string, Tree>();

/** The value of an expression over bound answers; null where it has none (the server's engine reports an error). */
export function evaluate(source: string, answers: Record<string, unknown>, today: string): unknown {
  try {
    let tree = trees.get(source);
    if (!tree) {
      tree = parse(source);
      trees.set(source, tree);
    }
    return run(
      tree,
      new Map<string, unknown>([
        ["f", answers],
        ["today()", today],
      ]),
    );
  } catch {
    return null;
  }
}
