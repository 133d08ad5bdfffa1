// Bundles TypeScript tests (the code under test with them) into var/node-test/ and runs them with Node's own runner.
//   node scripts/node_test.mjs [tests/pwa/some.test.ts ...]
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { templates } from "../pwa/plugins.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const wanted = process.argv.slice(2);
const folder = "tests/pwa";
const entries = wanted.length
  ? wanted
  : readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => join(folder, name));
const out = join("var", "node-test", String(process.pid));
mkdirSync(out, { recursive: true });
try {
  await build({
    entryPoints: entries,
    outdir: out,
    outbase: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
    plugins: [templates()],
  });
  const built = readdirSync(out, { recursive: true })
    .filter((name) => name.endsWith(".test.mjs"))
    .map((name) => join(out, name));
  const done = spawnSync(process.execPath, ["--test", "--enable-source-maps", ...built], {
    stdio: "inherit",
  });
  process.exitCode = done.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
