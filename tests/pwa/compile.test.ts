/** Templates as the worker has them: what is printed is safe, and a fault stops the build. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../pwa/compile.mjs";
import * as runtime from "../../pwa/runtime";

type Page = (context: object) => string;

function render(sources: Record<string, string>, context: object): string {
  const code = compile(sources).replace("export default", "return");
  const names = Object.keys(runtime);
  const make = new Function(...names, code) as (...values: unknown[]) => Record<string, Page>;
  const page = make(...names.map((name) => (runtime as Record<string, unknown>)[name]))["app/page.html"];
  assert.ok(page);
  return page(context);
}

const one = (source: string, context: object = {}) => render({ "app/page.html": source }, context);

test("what people typed is escaped, wherever it is printed", () => {
  const nasty = `<b title="x">&'`;
  const safe = "&lt;b title=&#34;x&#34;&gt;&amp;&#39;";
  assert.equal(one("{{ a }}", { a: nasty }), safe);
  assert.equal(one("{{ _('{n}人')|fmt(n=a) }}", { a: nasty }), `${safe}人`);
  assert.equal(one("{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}{{ m(a) }}", { a: nasty }), `<i>${safe}</i>`);
  assert.equal(one("{% for x in list %}{{ x.a }}{% endfor %}", { list: [{ a: nasty }] }), safe);
});

test("an empty list is false, a macro's result is not escaped twice", () => {
  assert.equal(one("{% if a %}x{% else %}y{% endif %}", { a: [] }), "y");
  const source = "{% macro i() %}<i></i>{% endmacro %}{% macro o(x) %}[{{ x }}]{% endmacro %}{{ o(i()) }}";
  assert.equal(one(source), "[<i></i>]");
});

test("loops know their place and do not leak", () => {
  const source =
    "{% for a, b in list %}{{ loop.index }}{{ a }}{{ b }}{% if not loop.last %},{% endif %}{% endfor %}{{ a }}";
  assert.equal(
    one(source, {
      list: [
        ["x", 1],
        ["y", 2],
      ],
      a: "!",
    }),
    "1x1,2y2!",
  );
});

test("a page fills its parent's blocks and sees what it was given", () => {
  const base = "<h1>{% block title %}none{% endblock %}</h1>{% block page %}{% endblock %}";
  const page = '{% extends "app/base.html" %}{% block title %}{{ t }}{% endblock %}';
  assert.equal(render({ "app/base.html": base, "app/page.html": page }, { t: "今天" }), "<h1>今天</h1>");
});

test("a fault in a template stops the build and says where", () => {
  const faults: Record<string, RegExp> = {
    "\n{% macro m() %}{{ unknown }}{% endmacro %}": /app\/page\.html:2: a macro does not know unknown/,
    "{% macro m(a) %}{% endmacro %}{{ m(b=1) }}": /no parameter b/,
    "{{ a.b() }}": /only macros and globals can be called/,
    '{% include "app/nowhere.html" %}': /no template app\/nowhere\.html/,
    "{{ a ~ b }}": /Concat is not in the subset/,
  };
  for (const [source, message] of Object.entries(faults)) assert.throws(() => one(source), message, source);
});
