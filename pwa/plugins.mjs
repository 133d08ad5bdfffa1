/** What esbuild must be told about: the templates, which become a module of plain functions. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "./compile.mjs";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ["app", "shared"];

/** What a compiled module of templates begins with. */
export const HEAD =
  'import { _, and, asset, each, filters, language, or, print, safe, say, within, yes } from "./pwa/runtime";';

/** Pages for while there is no worker, or none that works. */
const SERVERS_OWN = ["boot.html", "rescue.html"];

/** All templates that the worker renders: path relative to templates/ → text. */
export function templateSources() {
  const names = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, "templates", folder), { recursive: true })
      .filter((name) => name.endsWith(".html") && !SERVERS_OWN.includes(name))
      .map((name) => `${folder}/${name}`),
  ).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(ROOT, "templates", name), "utf8")]));
}

/** `import templates from "zoufang:templates"`: name → function of a context. */
export function templates() {
  return {
    name: "templates",
    setup(build) {
      build.onResolve({ filter: /^zoufang:templates$/ }, ({ path }) => ({ path, namespace: "zoufang" }));
      build.onLoad({ filter: /.*/, namespace: "zoufang" }, () => {
        const sources = templateSources();
        return {
          contents: `${HEAD}\n${compile(sources)}`,
          loader: "js",
          watchFiles: Object.keys(sources).map((name) => join(ROOT, "templates", name)),
          resolveDir: ROOT,
        };
      });
    },
  };
}
