/** Bundles what the bench runs in a browser: node build.mjs <folder to write to> */
import { join } from "node:path";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const POUCH = join(HERE, "..", "pouch", "node_modules");

for (const [entry, nodePaths] of [
  ["bench.ts", []],
  ["pouch.js", [POUCH]],
]) {
  await build({
    entryPoints: [join(HERE, entry)],
    outdir: process.argv[2],
    bundle: true,
    format: "iife",
    define: { global: "globalThis" },
    nodePaths,
    logLevel: "warning",
  });
}
