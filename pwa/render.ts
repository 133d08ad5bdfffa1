/** The templates in the worker: precompiled, escaped by default, with the same globals and filters as on the server. */

import templates from "zoufang:templates";
import slim from "nunjucks/browser/nunjucks-slim.js";
import { FILTERS } from "./filters";
import { _, language } from "./text";

export type Render = (template: string, context: object) => string;

/** `assets`: name in the source ("phone.css") → built name. */
export function makeRender(assets: Record<string, string>): Render {
  const options = { autoescape: true, trimBlocks: true, lstripBlocks: true, throwOnUndefined: false };
  const env = new slim.Environment(new slim.PrecompiledLoader(templates), options);
  env.addGlobal("_", _);
  env.addGlobal("language", language);
  env.addGlobal("asset", (name: string) => `/static/${assets[name] ?? name}`);
  for (const [name, filter] of Object.entries(FILTERS)) env.addFilter(name, filter);
  return (template, context) => env.render(template, context);
}
