/** What a route is given, and the ways it may answer. */
import { apart, type Me } from "./me";
import type { Card, Settings } from "./records";
import type { Render } from "./render";
import type { Space } from "./storage";
import type { Device } from "./store";
import { _ } from "./text";
import type { Snapshot, Vault } from "./vault";

/** What a worker gives: storage, templates, clock, network. Tests give their own. */
export interface Env {
  device: Device;
  render: Render;
  now(): Date;
  /** Of this build. */
  version: string;
  /** The server's other URLs, for signing in and out. Rejects without a signal. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Whether the phone believes that it has a network; only ever used to word a line. */
  online(): boolean;
  /** Asks for a sync soon, without waiting for it; `asked`: by a person, so that waiting times do not count. */
  sync(asked?: boolean): void;
  /** Keeps the worker alive for what goes on after the answer. */
  after?(work: Promise<unknown>): void;
  /** Room on the phone; null where the browser does not tell. */
  space?(): Promise<Space | null>;
  /** Ends this browser's push subscription, if there is one. */
  stopPush?(): Promise<void>;
  /** Tells open pages that what they show may have changed. */
  changed(): void;
}

/** A request on its way to its route, before anybody is signed in. */
export interface OpenContext {
  env: Env;
  request: Request;
  url: URL;
  params: Record<string, string>;
  settings: Settings;
  /** htmx asked, and swaps a part of its page. */
  partial: boolean;
}

/** A request of somebody who has signed in on this phone. */
export interface Context extends OpenContext {
  card: Card;
  vault: Vault;
  /** The vault at the time of the request; ask `vault.snapshot()` again after a save. */
  snap: Snapshot;
  me: Me;
}

export interface Route {
  method: "GET" | "POST";
  /** Path with named parts: "/app/pupils/:id" */
  pattern: string;
  handle: ((c: Context) => Promise<Response>) | OpenHandle;
}
/** A handler that works without a signed-in user: `open(async (c) => …)`. */
export interface OpenHandle {
  open: (c: OpenContext) => Promise<Response>;
}

export function open(handle: (c: OpenContext) => Promise<Response>): OpenHandle {
  return { open: handle };
}

const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; object-src 'none'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
};

/** The time by the school's clock: the phone's own, corrected by what syncs have measured. */
export function schoolNow(c: Context): Date {
  return new Date(c.env.now().getTime() + c.snap.core.skew);
}

/** HTML as an answer. */
export function html(body: string, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } });
}

/** Go there, with a GET. htmx follows it as a page, not as a part of one. */
export function redirect(c: OpenContext, path: string): Response {
  if (c.partial) return new Response(null, { status: 204, headers: { "HX-Redirect": path } });
  return new Response(null, { status: 303, headers: { Location: path } });
}

/** A whole page: the template with what every page needs (`app`: theme, size, tabs, marks). */
export function page(c: OpenContext | Context, template: string, data: object = {}, status = 200): Response {
  return html(c.env.render(template, { app: chrome(c), ...data }), status);
}

function chrome(c: OpenContext | Context): object {
  const { theme, text } = c.settings;
  const shared = {
    theme: theme === "light" ? "" : theme,
    text: text === "100" ? "" : text,
    version: c.env.version,
  };
  if (!("snap" in c)) return { ...shared, signed_in: false, keyed: false, unsent: 0, pupils: false, dot: "" };
  return {
    ...shared,
    signed_in: true,
    keyed: c.snap.core.k !== undefined,
    unsent: c.snap.unsentDocs.length,
    pupils: c.me.sees.pupils,
    dot: apart(c.snap, c.me).length > 0 ? "records" : "",
  };
}

/** The page for what is not on this phone. */
export function notFound(c: OpenContext | Context): Response {
  return page(c, "app/problem.html", { problem: "missing", title: _("没有找到") }, 404);
}
