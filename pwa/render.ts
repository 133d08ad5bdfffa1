/** The templates in the worker: compiled functions, escaped by default, with the same globals and filters as on the server. */
import templates from "zoufang:templates";
import { useAssets } from "./runtime";

export type Render = (template: string, context: object) => string;

/** `assets`: name in the source ("phone.css") → built name. */
export function makeRender(assets: Record<string, string>): Render {
  useAssets(assets);
  return (template, context) => {
    const made = templates[template];
    if (!made) throw new Error(`no template ${template}`);
    return made(context);
  };
}
