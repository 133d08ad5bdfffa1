/**
 * A condition's text to a tree, by CEL's precedence. Reads all of the subset of sync/cel_subset.py, which checks types
 * before a definition reaches a phone; here a text that does not read is an error of its evaluation.
 */

import { FUNCTIONS } from "./functions";

/** A step and the steps whose values it takes. `name`: of a variable, a part, a function, or a macro's item. */
export interface Tree {
  op: string;
  of: Tree[];
  name: string;
  value?: unknown;
}

interface Token {
  sort: "number" | "name" | "text" | "sign" | "end";
  text: string;
}

const TOKEN =
  /[ \t\n\r\f\v]*(?:([0-9]+\.[0-9]+)(?!\w)|([a-z_]\w*)|("[^"\\\n\r]*"|'[^'\\\n\r]*')|(&&|\|\||[=!<>]=|[-+*/<>!?:().,[\]]))/iy;
const RANKS = [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/"]];
const WORDS = new Map<string, unknown>(Object.entries({ true: true, false: false, null: null }));
const METHODS = ["contains", "startsWith", "endsWith"];
const MACROS = ["exists", "all", "exists_one", "filter"];

function tokensOf(source: string): Token[] {
  const found: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const [, number, name, quoted, sign] = TOKEN.exec(text) ?? [];
    if (number) found.push({ sort: "number", text: number });
    else if (name) found.push({ sort: name === "in" ? "sign" : "name", text: name });
    else if (quoted) found.push({ sort: "text", text: quoted.slice(1, -1) });
    else if (sign) found.push({ sort: "sign", text: sign });
    else throw new SyntaxError(text.slice(at));
  }
  return [...found, { sort: "end", text: "" }];
}

const tree = (op: string, of: Tree[] = [], name = ""): Tree => ({ op, of, name });
const constant = (value: unknown): Tree => ({ ...tree("value"), value });

/** The tree of a condition. Throws SyntaxError. */
export function parse(source: string): Tree {
  const tokens = tokensOf(source);
  let at = 0;
  const next = () => tokens[at++] ?? fail("the end");
  const take = (...wanted: string[]) => {
    const { sort, text } = tokens[at] ?? fail("the end");
    return sort === "sign" && wanted.includes(text) ? next().text : "";
  };
  const need = (wanted: string) => take(wanted) || fail(wanted);
  const among = (known: string[], name: string) => (known.includes(name) ? name : fail(name));

  function expression(): Tree {
    const condition = binary(0);
    if (!take("?")) return condition;
    const yes = expression();
    need(":");
    return tree("?", [condition, yes, expression()]);
  }

  function binary(rank: number): Tree {
    const signs = RANKS[rank];
    if (!signs) return unary();
    let left = binary(rank + 1);
    for (let op = take(...signs); op; op = take(...signs)) left = tree(op, [left, binary(rank + 1)]);
    return left;
  }

  function unary(): Tree {
    if (take("!")) return tree("not", [unary()]);
    if (take("-")) return tree("minus", [unary()]);
    let found = primary();
    while (take(".")) {
      const { text } = next();
      found = take("(") ? method(found, text) : tree("part", [found], text);
    }
    return found;
  }

  function method(of: Tree, name: string): Tree {
    if (METHODS.includes(name)) return tree(name, [of, ...items(")")]);
    const item = among(MACROS, name) && next().text;
    need(",");
    const condition = expression();
    need(")");
    return tree(name, [of, condition], item);
  }

  function primary(): Tree {
    if (take("(")) {
      const inner = expression();
      need(")");
      return inner;
    }
    if (take("[")) return tree("list", items("]"));
    const { sort, text } = next();
    if (sort === "number") return constant(Number(text));
    if (sort === "text") return constant(text);
    if (sort !== "name") fail(text);
    if (WORDS.has(text)) return constant(WORDS.get(text));
    if (!take("(")) return tree("variable", [], text);
    const given = items(")");
    return text === "today"
      ? tree("variable", [], "today()")
      : tree("call", given, among(Object.keys(FUNCTIONS), text));
  }

  /** What stands between commas up to the closing sign. */
  function items(close: string): Tree[] {
    const found: Tree[] = [];
    while (!take(close)) {
      found.push(expression());
      if (take(",")) continue;
      need(close);
      break;
    }
    return found;
  }

  const whole = expression();
  return next().sort === "end" ? whole : fail(source);
}

function fail(what: string): never {
  throw new SyntaxError(what);
}
