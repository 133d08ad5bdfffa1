/**
 * Templates to plain functions. nunjucks reads them (its parser, its white space), but its own output with its runtime
 * would be 40 KB of the 90 that all scripts may weigh. What templates/SUBSET.md allows needs no callbacks, no frames and
 * no lookups by name: names are resolved here, and a fault in a template stops the build instead of a page.
 *
 * A value is printed escaped unless it is a macro's result; an empty list or text is false, as in Jinja2.
 */
import nodes from "nunjucks/src/nodes.js";
import parser from "nunjucks/src/parser.js";

const READ = { trimBlocks: true, lstripBlocks: true };
const GLOBALS = new Set(["_", "asset", "language"]);
const COMPARE = { "==": "===", "!=": "!==", "<": "<", ">": ">", "<=": "<=", ">=": ">=" };
const BINARY = { Add: "+", Sub: "-", Mul: "*" };

/** A template's name as the beginning of an identifier: "app/_stand.html" → "app__stand". */
const ident = (name) => name.replace(/\.html$/, "").replace(/\W/g, "_");

/** Code of a module that exports name → function of a context, from name → source. */
export function compile(sources) {
  const all = new Map(Object.entries(sources).map(([name, source]) => [name, new Template(name, source)]));
  const code = [...all.values()].map((template) => template.compile(all));
  const pages = [...all.keys()].filter((name) => !name.startsWith("shared/"));
  const table = pages.map((name) => `${JSON.stringify(name)}: ${ident(name)}`);
  return `${code.join("\n")}\nexport default {${table.join(",\n")}};`;
}

class Template {
  constructor(name, source) {
    this.name = name;
    this.id = ident(name);
    this.root = parser.parse(source, [], READ);
    this.macros = new Map(this.root.findAll(nodes.Macro).map((node) => [node.name.value, signature(node)]));
    this.imports = new Map(
      this.root.findAll(nodes.Import).map((node) => [node.target.value, node.template.value]),
    );
    this.parent = this.root.findAll(nodes.Extends)[0]?.template.value;
  }

  compile(all) {
    this.all = all;
    const parts = this.root.findAll(nodes.Macro).map((node) => this.macro(node));
    const blocks = this.root.findAll(nodes.Block);
    for (const block of blocks)
      parts.push(new Body(this, "c").wrap(`${this.id}_b_${block.name.value}`, "c, b", block.body));
    const own = blocks.map(({ name }) => `${name.value}: ${this.id}_b_${name.value}`).join(", ");
    if (this.parent) {
      parts.push(`function ${this.id}(c, b) { return ${ident(this.parent)}(c, {${own}, ...b}); }`);
    } else {
      parts.push(new Body(this, "c").wrap(this.id, "c, b = {}", this.root));
    }
    return parts.join("\n");
  }

  macro(node) {
    const { params } = this.macros.get(node.name.value);
    const body = new Body(this, null);
    for (const { name } of params) body.names.set(name, `v_${name}`);
    const list = params.map(({ name, value }) =>
      value ? `v_${name} = ${body.expression(value)}` : `v_${name}`,
    );
    return body.wrap(`${this.id}_m_${node.name.value}`, list.join(", "), node.body);
  }

  fail(node, what) {
    throw new Error(`templates/${this.name}:${(node.lineno ?? 0) + 1}: ${what}`);
  }
}

/** A macro's parameters in order, with their defaults. */
function signature(node) {
  const params = [];
  for (const child of node.args.children) {
    if (child instanceof nodes.Dict) {
      for (const { key, value } of child.children) params.push({ name: key.value, value });
    } else params.push({ name: child.value });
  }
  return { params };
}

/** The body of one function. `context`: the name under which the page's values are reached, null in a macro. */
class Body {
  constructor(template, context) {
    this.template = template;
    this.context = context;
    this.names = new Map();
    this.sets = new Set();
    this.depth = 0;
  }

  wrap(name, params, content) {
    const code = this.statement(content);
    const sets = this.sets.size > 0 ? `let ${[...this.sets].join(", ")}; ` : "";
    return `function ${name}(${params}) { let o = ""; ${sets}${code} return o; }`;
  }

  /** What follows on each other is put together before it is added: shorter, and quicker to read. */
  statement(node) {
    if (node instanceof nodes.Output)
      return `o += ${node.children.map((child) => this.output(child)).join(" + ")};`;
    if (node instanceof nodes.NodeList) {
      const parts = [];
      for (const code of node.children.map((child) => this.statement(child)).filter(Boolean)) {
        const before = parts.at(-1);
        if (before?.startsWith("o += ") && code.startsWith("o += "))
          parts.push(`${parts.pop().slice(0, -1)} + ${code.slice(5)}`);
        else parts.push(code);
      }
      return parts.join("\n");
    }
    if (node instanceof nodes.Macro || node instanceof nodes.Import || node instanceof nodes.Extends)
      return "";
    if (node instanceof nodes.Block) {
      const id = `${this.template.id}_b_${node.name.value}`;
      return `o += (b.${node.name.value} || ${id})(c, b);`;
    }
    if (node instanceof nodes.If) return this.branch(node);
    if (node instanceof nodes.For) return this.loop(node);
    if (node instanceof nodes.Set) return this.set(node);
    if (node instanceof nodes.Include) return this.include(node);
    return this.template.fail(node, `${node.typename} is not in the subset`);
  }

  output(node) {
    if (node instanceof nodes.TemplateData) return JSON.stringify(node.value);
    const macro = node instanceof nodes.FunCall && this.macroOf(node.name);
    if (macro) return this.call(node, macro);
    const isWord =
      node instanceof nodes.FunCall && node.name.value === "_" && node.args.children.length === 1;
    if (isWord) return `say(${this.expression(node.args.children[0])})`;
    return `print(${this.expression(node)})`;
  }

  branch({ cond, body, else_ }) {
    const otherwise = else_ ? ` else { ${this.statement(else_)} }` : "";
    return `if (${this.test(cond)}) { ${this.statement(body)} }${otherwise}`;
  }

  loop({ arr, name, body, else_ }) {
    const before = new Map(this.names);
    const n = this.depth++;
    const list = `each(${this.expression(arr)})`;
    const targets = name instanceof nodes.Array ? name.children : [name];
    for (const { value } of targets) this.names.set(value, `v_${value}${n}`);
    this.names.set("loop", `l${n}`);
    const target = targets.map(({ value }) => `v_${value}${n}`).join(", ");
    const inner = this.statement(body);
    this.names = before;
    this.depth--;
    const otherwise = else_ ? ` if (a${n}.length === 0) { ${this.statement(else_)} }` : "";
    const state = inner.includes(`l${n}.`)
      ? `const l${n} = {index: i${n} + 1, first: i${n} === 0, last: i${n} === a${n}.length - 1};`
      : "";
    const item = name instanceof nodes.Array ? `[${target}]` : target;
    const code = `const a${n} = ${list}; for (let i${n} = 0; i${n} < a${n}.length; i${n}++) { const ${item} = a${n}[i${n}]; ${state} ${inner} }`;
    return `{ ${code}${otherwise} }`;
  }

  set({ targets, value }) {
    return targets
      .map((target) => {
        const id = `s_${target.value}`;
        const code = `${id} = ${this.expression(value)};`;
        this.sets.add(id);
        this.names.set(target.value, id);
        return code;
      })
      .join(" ");
  }

  /** The other template sees what this one sees here. */
  include(node) {
    const other = this.template.all.get(node.template.value);
    if (!other) this.template.fail(node, `no template ${node.template.value}`);
    const own = [...this.names].filter(([name]) => name !== "loop").map(([name, id]) => `${name}: ${id}`);
    const context =
      own.length > 0 ? `{...${this.context ?? "{}"}, ${own.join(", ")}}` : (this.context ?? "{}");
    return `o += ${other.id}(${context});`;
  }

  test(node) {
    if (node instanceof nodes.Not) return `!(${this.test(node.target)})`;
    if (node instanceof nodes.And) return `(${this.test(node.left)}) && (${this.test(node.right)})`;
    if (node instanceof nodes.Or) return `(${this.test(node.left)}) || (${this.test(node.right)})`;
    if (node instanceof nodes.Group) return `(${this.test(node.children[0])})`;
    if (node instanceof nodes.Compare || node instanceof nodes.Is || node instanceof nodes.In)
      return this.expression(node);
    return `yes(${this.expression(node)})`;
  }

  expression(node) {
    if (node instanceof nodes.Symbol) return this.name(node);
    if (node instanceof nodes.LookupVal) return this.lookup(node);
    if (node instanceof nodes.Filter) return this.filter(node);
    if (node instanceof nodes.FunCall) return this.function(node);
    if (node instanceof nodes.Group) return `(${this.expression(node.children[0])})`;
    if (node instanceof nodes.Array)
      return `[${node.children.map((child) => this.expression(child)).join(", ")}]`;
    if (node instanceof nodes.Literal) return JSON.stringify(node.value);
    if (node instanceof nodes.InlineIf) {
      const otherwise = node.else_ ? this.expression(node.else_) : '""';
      return `(${this.test(node.cond)} ? ${this.expression(node.body)} : ${otherwise})`;
    }
    if (node instanceof nodes.And)
      return `and(${this.expression(node.left)}, () => ${this.expression(node.right)})`;
    if (node instanceof nodes.Or)
      return `or(${this.expression(node.left)}, () => ${this.expression(node.right)})`;
    if (node instanceof nodes.Not) return `!(${this.test(node.target)})`;
    if (node instanceof nodes.Neg) return `-${this.expression(node.target)}`;
    if (node instanceof nodes.In)
      return `within(${this.expression(node.left)}, ${this.expression(node.right)})`;
    if (node instanceof nodes.Is) return this.is(node);
    if (node instanceof nodes.Compare) return this.compare(node);
    const sign = BINARY[node.typename];
    if (sign) return `(${this.expression(node.left)} ${sign} ${this.expression(node.right)})`;
    return this.template.fail(node, `${node.typename} is not in the subset`);
  }

  name(node) {
    const name = node.value;
    if (this.names.has(name)) return this.names.get(name);
    if (name === "none") return "null";
    if (GLOBALS.has(name)) return name;
    if (!this.context) this.template.fail(node, `a macro does not know ${name}`);
    return `c.${name}`;
  }

  lookup({ target, val }) {
    const key = val instanceof nodes.Literal && typeof val.value === "string" && /^\w+$/.test(val.value);
    return `${this.expression(target)}${key ? `.${val.value}` : `[${this.expression(val)}]`}`;
  }

  compare({ expr, ops }) {
    const parts = ops.map(({ expr: right, type }, i) => {
      const left = i === 0 ? expr : ops[i - 1].expr;
      return `${this.expression(left)} ${COMPARE[type]} ${this.expression(right)}`;
    });
    return `(${parts.join(" && ")})`;
  }

  is(node) {
    const isNot = node.right instanceof nodes.Not;
    const word = (isNot ? node.right.target : node.right).value ?? "none";
    const value = this.expression(node.left);
    const test = { defined: `${value} !== undefined`, none: `${value} === null` }[word];
    if (!test) this.template.fail(node, `no test ${word}`);
    return isNot ? `!(${test})` : `(${test})`;
  }

  filter({ name, args }) {
    const [value, ...more] = args.children;
    const first = this.expression(value);
    if (name.value === "length") return `each(${first}).length`;
    if (name.value === "default") return `(${first} ?? ${this.expression(more[0])})`;
    const rest = more.map((arg) => (arg instanceof nodes.Dict ? this.keywords(arg) : this.expression(arg)));
    return `filters.${name.value}(${[first, ...rest].join(", ")})`;
  }

  keywords(dict) {
    return `{${dict.children.map(({ key, value }) => `${key.value}: ${this.expression(value)}`).join(", ")}}`;
  }

  function(node) {
    const macro = this.macroOf(node.name);
    if (macro) return `safe(${this.call(node, macro)})`;
    if (!GLOBALS.has(node.name.value)) this.template.fail(node, "only macros and globals can be called");
    const args = node.args.children.map((arg) => this.expression(arg));
    return `${node.name.value}(${args.join(", ")})`;
  }

  /** The template and signature of a macro: `ui.icon` through an import, `option` of the same file. */
  macroOf(name) {
    const { template } = this;
    if (name instanceof nodes.Symbol) {
      const own = template.macros.get(name.value);
      return own ? { id: `${template.id}_m_${name.value}`, ...own } : null;
    }
    const path = name instanceof nodes.LookupVal ? template.imports.get(name.target.value) : undefined;
    if (!path) return null;
    const found = template.all.get(path)?.macros.get(name.val.value);
    if (!found) template.fail(name, `no macro ${name.val.value} in ${path}`);
    return { id: `${ident(path)}_m_${name.val.value}`, ...found };
  }

  call(node, { id, params }) {
    const given = params.map(() => "undefined");
    for (const [i, arg] of node.args.children.entries()) {
      if (!(arg instanceof nodes.Dict)) given[i] = this.expression(arg);
      else
        for (const { key, value } of arg.children)
          given[this.place(node, params, key.value)] = this.expression(value);
    }
    while (given[given.length - 1] === "undefined") given.pop();
    return `${id}(${given.join(", ")})`;
  }

  place(node, params, name) {
    const place = params.findIndex((param) => param.name === name);
    return place < 0 ? this.template.fail(node, `no parameter ${name}`) : place;
  }
}
