// Renders templates as the worker does (pwa/compile.mjs): stdin [{source, context}], stdout [html], by the same files.
import { build } from "esbuild";
import { compile } from "../../pwa/compile.mjs";
import { HEAD, ROOT, templateSources } from "../../pwa/plugins.mjs";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const cases = JSON.parse(input);
const sources = Object.fromEntries(cases.map(({ source }, n) => [`case_${n}.html`, source]));
const code = compile({ ...templateSources(), ...sources });
const bundle = await build({
  stdin: { contents: `${HEAD}\n${code}`, resolveDir: ROOT, loader: "js" },
  bundle: true,
  write: false,
  format: "esm",
});
const module = Buffer.from(bundle.outputFiles[0].contents).toString("base64");
const { default: templates } = await import(`data:text/javascript;base64,${module}`);
process.stdout.write(JSON.stringify(cases.map(({ context }, n) => templates[`case_${n}.html`](context))));
