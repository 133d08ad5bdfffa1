/** What esbuild must be told about: the templates, which become a module of plain functions. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import nunjucks from "nunjucks";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ["app", "shared"];
const OPTIONS = { autoescape: true, trimBlocks: true, lstripBlocks: true };

/** Paths of all templates that the worker renders, relative to templates/. */
function templateNames() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, "templates", folder), { recursive: true })
      .filter((name) => name.endsWith(".html"))
      .map((name) => join(folder, name)),
  ).sort();
}

/** nunjucks' own output writes to `window`; this one is a module, so that a worker can import it. */
function wrapper(templates) {
  return templates
    .map(({ name, template }) => `${JSON.stringify(name)}: (() => {${slimmer(template)}\n})(),`)
    .join("\n");
}

/** Without line numbers (a template that fails is named anyway) and with short names for what comes thousands of times. */
function slimmer(code) {
  return code
    .replace(/\(lineno = \d+, colno = \d+, /g, "(")
    .replace(/^(lineno|colno) = \d+;\n/gm, "")
    .replaceAll(", env.opts.autoescape);", ", true);")
    .replaceAll(
      'runtime.callWrap(runtime.contextOrFrameLookup(context, frame, "_"), "_", context, [',
      "word.apply(null, [",
    )
    .replaceAll("runtime.contextOrFrameLookup(", "find(")
    .replaceAll("runtime.memberLookup(", "member(")
    .replaceAll("runtime.suppressValue(", "print(");
}

const HEAD = `
import slim from "nunjucks/browser/nunjucks-slim.js";
import { _ as word } from "./pwa/text";
const { contextOrFrameLookup: find, memberLookup: member, suppressValue: print } = slim.runtime;
`;

/** `import templates from "zoufang:templates"`: name → precompiled template. */
export function templates() {
  return {
    name: "templates",
    setup(build) {
      build.onResolve({ filter: /^zoufang:templates$/ }, ({ path }) => ({ path, namespace: "zoufang" }));
      build.onLoad({ filter: /.*/, namespace: "zoufang" }, () => {
        const env = new nunjucks.Environment([], OPTIONS);
        const names = templateNames();
        const parts = names.map((name) =>
          nunjucks.precompileString(readFileSync(join(ROOT, "templates", name), "utf8"), {
            name,
            env,
            wrapper,
          }),
        );
        const watchFiles = names.map((name) => join(ROOT, "templates", name));
        return {
          contents: `${HEAD}export default {${parts.join("\n")}};`,
          loader: "js",
          watchFiles,
          resolveDir: ROOT,
        };
      });
    },
  };
}
