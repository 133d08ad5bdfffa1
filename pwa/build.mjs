/**
 * Builds what browsers load into pwa/dist: hashed files, manifest.json (name → hashed name) and sw.js.
 *   node pwa/build.mjs            build
 *   node pwa/build.mjs --sizes    build and say what each file weighs, gzipped
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { ROOT, templates } from "./plugins.mjs";

const DIST = join(ROOT, "pwa", "dist");
const SOURCE = join(ROOT, "pwa");
const TARGET = ["chrome90", "safari16.4", "firefox115"];
/** Scripts and styles by entry; the phone keeps PHONE for the time without a signal. */
const SCRIPTS = ["page.ts", "boot.ts", "office.ts", "fill.ts", "rescue.ts"];
const STYLES = ["style/phone.css", "style/office.css"];
const PHONE = ["page.js", "phone.css", "icons.svg", "icon.svg", "icon-192.png"];

const common = {
  bundle: true,
  minify: true,
  charset: "utf8",
  target: TARGET,
  // Chrome 90 has it; esbuild rewrites it there only for a rare fault with spread arguments, which are not used so.
  supported: { "optional-chain": true },
  legalComments: "none",
  logLevel: "warning",
  plugins: [templates()],
};

function hashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const extension = extname(name);
  return `${basename(name, extension)}-${hash}${extension}`;
}

/** Bundles one entry and returns its bytes. */
async function bundle(entry, options = {}) {
  const { outputFiles } = await build({
    ...common,
    ...options,
    entryPoints: [join(SOURCE, entry)],
    write: false,
    outdir: DIST,
  });
  return outputFiles[0].contents;
}

/** Terser after esbuild: 3 % less, of scripts that every phone loads over a village's network. */
async function script(entry, options) {
  const text = new TextDecoder().decode(await bundle(entry, options));
  const smaller = await minify(text, {
    ecma: 2020,
    module: options.format === "esm",
    // `unsafe`: String(x) becomes x+"", new Error() Error(); nothing here replaces what the language has built in.
    compress: { passes: 3, unsafe: true, unsafe_arrows: true, inline: 1, keep_fargs: false },
  });
  return new TextEncoder().encode(smaller.code);
}

async function assets() {
  const made = new Map();
  for (const entry of SCRIPTS.filter((name) => existsSync(join(SOURCE, name)))) {
    made.set(entry.replace(".ts", ".js"), await script(entry, { format: "esm" }));
  }
  for (const entry of STYLES.filter((name) => existsSync(join(SOURCE, name)))) {
    made.set(basename(entry), await bundle(entry));
  }
  for (const name of readdirSync(join(SOURCE, "style")).filter((file) => /\.(svg|png)$/.test(file))) {
    made.set(name, readFileSync(join(SOURCE, "style", name)));
  }
  return made;
}

async function main() {
  const made = await assets();
  const manifest = Object.fromEntries([...made].map(([name, content]) => [name, hashed(name, content)]));
  const precache = Object.fromEntries(PHONE.map((name) => [name, manifest[name]]));
  const define = (version) => ({ ASSETS: JSON.stringify(precache), VERSION: JSON.stringify(version) });
  const draft = await bundle("sw.ts", { format: "iife", define: define("0") });
  const version = createHash("sha256").update(draft).digest("hex").slice(0, 10);
  const worker = await script("sw.ts", { format: "iife", define: define(version) });

  mkdirSync(DIST, { recursive: true });
  for (const [name, content] of made) writeFileSync(join(DIST, manifest[name]), content);
  writeFileSync(join(DIST, "sw.js"), worker);
  writeFileSync(join(DIST, "manifest.json"), JSON.stringify(manifest, null, 1));
  const wanted = new Set([...Object.values(manifest), "sw.js", "manifest.json"]);
  for (const name of readdirSync(DIST).filter((name) => !wanted.has(name)))
    rmSync(join(DIST, name), { recursive: true });
  if (process.argv.includes("--sizes")) sizes([...made, ["sw.js", worker]]);
}

function sizes(files) {
  for (const [name, content] of files)
    console.log(String(gzipSync(content, { level: 9 }).length).padStart(8), name);
}

await main();
