// Bundles and runs app_pages.ts as the phone's tests are bundled; its output is this script's output.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { templates } from "../../pwa/plugins.mjs";

const out = join(process.cwd(), "var", "node-test", `pages-${process.pid}`);
mkdirSync(out, { recursive: true });
try {
  await build({
    entryPoints: ["tests/templates/app_pages.ts"],
    outfile: join(out, "pages.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "warning",
    plugins: [templates()],
  });
  await import(pathToFileURL(join(out, "pages.mjs")).href);
} finally {
  rmSync(out, { recursive: true, force: true });
}
