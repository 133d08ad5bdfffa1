/**
 * The value of a condition's tree, as the C++ engine of the server has it: operators want the types that they are made
 * for, texts are ordered by code points, an error beside what decides alone is let pass (by `&&`, `||`, `all`, `exists`),
 * and one evaluation looks at fewer than 10,000 items.
 */

import { FUNCTIONS } from "./functions";
import type { Tree } from "./parse";

/** What is known by name: `f`, `today()`, and the items that macros are at. */
export type Names = Map<string, unknown>;

type Binary = (one: unknown, other: unknown) => unknown;

const ITEMS = 10_000;

/** The engine gives up: nothing lets this error pass. */
class Exhausted extends Error {}

/** This value if it is of the type that is needed here. */
function needed<T>(value: unknown, fits: boolean): T {
  if (!fits) throw new TypeError(typeof value);
  return value as T;
}

const bool = (value: unknown) => needed<boolean>(value, typeof value === "boolean");
const list = (value: unknown) => needed<unknown[]>(value, Array.isArray(value));
const text = (value: unknown) => needed<string>(value, typeof value === "string");
const number = (value: unknown) => needed<number>(value, typeof value === "number");

const numbers =
  (work: (one: number, other: number) => unknown): Binary =>
  (one, other) =>
    work(number(one), number(other));

const texts =
  (work: (one: string, other: string) => unknown): Binary =>
  (one, other) =>
    work(text(one), text(other));

/** Compares two numbers, or two texts by code points: JavaScript's own `<` would put 𠮷 before U+FF01. */
function compare(holds: (one: number, other: number) => boolean): Binary {
  const order = texts((one, other) => {
    let at = 0;
    while (at < one.length && one[at] === other[at]) at += 1;
    return holds(one.codePointAt(at) ?? -1, other.codePointAt(at) ?? -1);
  });
  return (one, other) => (typeof one === "string" ? order : numbers(holds))(one, other);
}

const BINARY: Record<string, Binary> = {
  "==": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  "<": compare((one, other) => one < other),
  "<=": compare((one, other) => one <= other),
  ">": compare((one, other) => one > other),
  ">=": compare((one, other) => one >= other),
  in: (one, other) => list(other).includes(one),
  "+": (one, other) => (typeof one === "string" ? one + text(other) : number(one) + number(other)),
  "-": numbers((one, other) => one - other),
  "*": numbers((one, other) => one * other),
  "/": numbers((one, other) => one / other),
  contains: texts((one, other) => one.includes(other)),
  startsWith: texts((one, other) => one.startsWith(other)),
  endsWith: texts((one, other) => one.endsWith(other)),
};

const STEPS: Record<string, (run: Run, tree: Tree) => unknown> = {
  value: (_, tree) => tree.value,
  list: (run, { of }) => of.map((each) => run.value(each)),
  variable: (run, { name }) => run.names.get(name),
  part: (run, { name, of }) => (run.value(of[0]) as Record<string, unknown>)[name],
  call: (run, { name, of }) =>
    (FUNCTIONS[name] as (...given: unknown[]) => unknown)(...of.map((each) => run.value(each))),
  "?": (run, { of }) => run.value(of[bool(run.value(of[0])) ? 1 : 2]),
  not: (run, { of }) => !bool(run.value(of[0])),
  minus: (run, { of }) => -number(run.value(of[0])),
  "&&": (run, { of }) => run.decide(false, of.entries()),
  "||": (run, { of }) => run.decide(true, of.entries()),
  all: (run, tree) => run.decide(false, run.each(tree)),
  exists: (run, tree) => run.decide(true, run.each(tree)),
  exists_one: (run, tree) => run.chosen(tree).length === 1,
  filter: (run, tree) => run.chosen(tree),
};

/** One evaluation. */
class Run {
  private looked = 0;

  constructor(readonly names: Names) {}

  value(tree: Tree | undefined): unknown {
    const { op, of } = tree as Tree;
    const step = STEPS[op];
    if (step) return step(this, tree as Tree);
    return (BINARY[op] as Binary)(this.value(of[0]), this.value(of[1]));
  }

  /** A macro's items, each with its condition, which is to be worked out before the next is asked for. */
  *each({ name, of: [items, condition] }: Tree): Generator<[unknown, Tree]> {
    for (const item of list(this.value(items))) {
      this.looked += 1;
      if (this.looked >= ITEMS) throw new Exhausted();
      this.names.set(name, item);
      yield [item, condition as Tree];
    }
  }

  /** `decisive` if one of these is, else the opposite; an error counts where none is. */
  decide(decisive: boolean, parts: Iterable<[unknown, Tree]>): boolean {
    let failed: unknown = null;
    let decided = false;
    for (const [, part] of parts) {
      if (decided) return decisive; // only now: the engine counts the item after the one that decides
      try {
        decided = bool(this.value(part)) === decisive;
      } catch (error) {
        if (error instanceof Exhausted) throw error;
        failed = error;
      }
    }
    if (failed && !decided) throw failed;
    return decided === decisive;
  }

  chosen(macro: Tree): unknown[] {
    const found = [];
    for (const [item, condition] of this.each(macro)) if (bool(this.value(condition))) found.push(item);
    return found;
  }
}

/** The value of a tree. Throws where it has none. */
export const run = (tree: Tree, names: Names): unknown => new Run(names).value(tree);
