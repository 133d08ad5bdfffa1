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

function fail(what: string): never {
  throw new SyntaxError(what);
}

/** The tree of a condition. Throws SyntaxError. */
export function parse(source: string): Tree {
  const reader = new Reader(tokensOf(source));
  const whole = reader.expression();
  return reader.next().sort === "end" ? whole : fail(source);
}

/** Recursive descent; a method takes what it reads. */
class Reader {
  private at = 0;

  constructor(private readonly tokens: Token[]) {}

  next(): Token {
    const token = this.tokens[this.at] ?? fail("the end");
    this.at += 1;
    return token;
  }

  /** The next sign if it is one of these, else "". */
  private take(...wanted: string[]): string {
    const { sort, text } = this.tokens[this.at] ?? fail("the end");
    return sort === "sign" && wanted.includes(text) ? this.next().text : "";
  }

  private need(wanted: string): void {
    if (!this.take(wanted)) fail(wanted);
  }

  expression(): Tree {
    const condition = this.binary(0);
    if (!this.take("?")) return condition;
    const yes = this.expression();
    this.need(":");
    return tree("?", [condition, yes, this.expression()]);
  }

  private binary(rank: number): Tree {
    const signs = RANKS[rank];
    if (!signs) return this.unary();
    let left = this.binary(rank + 1);
    for (let op = this.take(...signs); op; op = this.take(...signs))
      left = tree(op, [left, this.binary(rank + 1)]);
    return left;
  }

  private unary(): Tree {
    if (this.take("!")) return tree("not", [this.unary()]);
    if (this.take("-")) return tree("minus", [this.unary()]);
    let found = this.primary();
    while (this.take(".")) {
      const { text } = this.next();
      found = this.take("(") ? this.method(found, text) : tree("part", [found], text);
    }
    return found;
  }

  private method(of: Tree, name: string): Tree {
    if (METHODS.includes(name)) return tree(name, [of, ...this.items(")")]);
    if (!MACROS.includes(name)) fail(name);
    const item = this.next().text;
    this.need(",");
    const condition = this.expression();
    this.need(")");
    return tree(name, [of, condition], item);
  }

  private primary(): Tree {
    if (this.take("(")) {
      const inner = this.expression();
      this.need(")");
      return inner;
    }
    if (this.take("[")) return tree("list", this.items("]"));
    const { sort, text } = this.next();
    if (sort === "number") return constant(Number(text));
    if (sort === "text") return constant(text);
    if (sort !== "name") fail(text);
    if (WORDS.has(text)) return constant(WORDS.get(text));
    if (!this.take("(")) return tree("variable", [], text);
    const given = this.items(")");
    if (text === "today") return tree("variable", [], "today()");
    return Object.keys(FUNCTIONS).includes(text) ? tree("call", given, text) : fail(text);
  }

  /** What stands between commas up to the closing sign. */
  private items(close: string): Tree[] {
    const found: Tree[] = [];
    while (!this.take(close)) {
      found.push(this.expression());
      if (this.take(",")) continue;
      this.need(close);
      break;
    }
    return found;
  }
}
