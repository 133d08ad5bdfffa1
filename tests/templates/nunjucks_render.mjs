// Renders templates with nunjucks as the worker does: stdin [{source, context}], stdout [html], by the same files.
import { build } from "esbuild";
import nunjucks from "nunjucks";

const globals = await build({
  stdin: {
    contents: 'export { FILTERS } from "./pwa/filters"; export { _, language } from "./pwa/text";',
    resolveDir: process.cwd(),
    loader: "ts",
  },
  bundle: true,
  write: false,
  format: "esm",
});
const code = Buffer.from(globals.outputFiles[0].contents).toString("base64");
const { FILTERS, _, language } = await import(`data:text/javascript;base64,${code}`);

const loader = new nunjucks.FileSystemLoader("templates");
const env = new nunjucks.Environment(loader, { autoescape: true, trimBlocks: true, lstripBlocks: true });
env.addGlobal("_", _);
env.addGlobal("language", language);
env.addGlobal("asset", (name) => `/static/${name}`);
for (const [name, filter] of Object.entries(FILTERS)) env.addFilter(name, filter);

let input = "";
for await (const chunk of process.stdin) input += chunk;
process.stdout.write(JSON.stringify(JSON.parse(input).map(({ source, context }) => env.renderString(source, context))));
