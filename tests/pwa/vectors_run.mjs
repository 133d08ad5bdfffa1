// The runner of vectors.ts for others than Node's tests: reads {file name: content} and prints what came out.
//   node tests/pwa/vectors_run.mjs < files.json
//   node tests/pwa/vectors_run.mjs --bundle     prints a script for a browser, which gets `vectors.check(files)`
import { readFileSync } from "node:fs";
import { build } from "esbuild";

const bundle = process.argv.includes("--bundle");
const { outputFiles } = await build({
  entryPoints: ["tests/pwa/vectors.ts"],
  bundle: true,
  write: false,
  charset: "utf8",
  logLevel: "warning",
  ...(bundle ? { format: "iife", globalName: "vectors" } : { format: "esm", platform: "node" }),
});
const { text } = outputFiles[0];
if (bundle) process.stdout.write(text);
else {
  const { check } = await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
  process.stdout.write(JSON.stringify(await check(JSON.parse(readFileSync(0, "utf8")))));
}
