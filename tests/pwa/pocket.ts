/** A phone in Node for tests of pages: a signed-in person, a small school, the real templates. */
process.env.TZ = "Asia/Shanghai";

import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import type { Env } from "../../pwa/context";
import { random } from "../../pwa/crypto/bytes";
import { rowKey } from "../../pwa/crypto/rows";
import { uuid7 } from "../../pwa/ids";
import type { Doc, Values } from "../../pwa/protocol";
import { makeRender } from "../../pwa/render";
import { respond } from "../../pwa/respond";
import { Ring } from "../../pwa/ring";
import { Device } from "../../pwa/store";
import { type Snapshot, Vault, type View } from "../../pwa/vault";

export const NOW = new Date("2026-11-20T14:32:00+08:00");
export const ME = "0193aaaa-0000-7000-8000-000000000001";

export function doc(kind: string, id: string, fields: Values, more: Partial<Doc> = {}): Doc {
  return {
    kind,
    id,
    rev: 7,
    form: kind,
    form_version: 1,
    fields,
    siblings: {},
    meta: {},
    notes: {},
    ...more,
  };
}

const definitions = JSON.parse(readFileSync("sync/vectors/forms_definitions.json", "utf-8")).cases;
const FORMS = ["home_visit", "night_round", "meal_audit_a", "meal_audit_b"];

function school(): Doc[] {
  const forms = definitions
    .filter(({ name }: { name: string }) => FORMS.includes(name))
    .map((definition: Values, n: number) =>
      doc("form", `0193ffff-0000-7000-8000-00000000000${n}`, { definition }),
    );
  return [
    ...forms,
    doc("person", ME, { name: "李秀芳", post: "班主任", roles: ["class_teacher"], classes: ["三(2)班"] }),
  ];
}

/** Phone numbers of people in tests, one after the other. */
let phones = 13800000000;

export class Pocket {
  private constructor(
    readonly env: Env,
    readonly vault: Vault,
  ) {}

  /** A phone of its own with these docs on it, pulled at rev 7. */
  static async open(docs: Doc[] = []): Promise<Pocket> {
    const ring = new Ring(undefined, () => NOW.getTime());
    const held = { user: ME, keyId: uuid7(), key: await rowKey(random(32)), server: null, pin: false };
    await ring.put({ ...held, until: NOW.getTime() * 2 });
    const device = new Device(ring);
    const id = `${ME}.${uuid7()}`;
    const card = {
      id,
      user: ME,
      name: "李秀芳",
      phone: String(phones++),
      school: "s",
      schoolName: "石门乡中心小学",
      schools: [],
      csrf: "",
      delivery: null,
      signedIn: true,
      unsent: 0,
      used: phones,
    };
    await device.putCard(card);
    await device.change({ current: id });
    const clock = { now: NOW };
    const env: Env = {
      device,
      render: makeRender({}),
      now: () => clock.now,
      version: "test",
      fetch: async () => Promise.reject(new TypeError("offline")),
      online: () => false,
      sync: () => undefined,
      changed: () => undefined,
    };
    const vault = new Vault(card, device.shelf(id), env.now);
    await vault.write(({ core }) => ({ core, writes: { docs: [...school(), ...docs] } }));
    return new Pocket(env, vault);
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return respond(new Request(`https://school.example${path}`, { headers }), this.env);
  }

  async post(
    path: string,
    pairs: [string, string][],
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const body = new URLSearchParams(pairs);
    return respond(new Request(`https://school.example${path}`, { method: "POST", body, headers }), this.env);
  }

  /** Follows redirects of a GET; the page and its address. */
  async visit(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ path: string; html: string; status: number }> {
    let at = path;
    for (let hops = 0; hops < 5; hops++) {
      const response = await this.get(at.split("#")[0] ?? at, headers);
      const next = response.headers.get("Location");
      if (!next) return { path: at, html: await response.text(), status: response.status };
      at = next;
    }
    throw new Error(`too many redirects from ${path}`);
  }

  async snapshot(): Promise<Snapshot> {
    return this.vault.snapshot();
  }

  async view(id: string): Promise<View> {
    const view = (await this.vault.snapshot()).view(id);
    if (!view) throw new Error(`no doc ${id}`);
    return view;
  }
}

/** Names and values that a form in this page would post, as a browser does; `changes` are typed into it. */
export function fieldsOf(html: string, changes: Record<string, string | string[]> = {}): [string, string][] {
  const form = /<form id="fill"[\s\S]*?<\/form>/.exec(html)?.[0] ?? html;
  const pairs: [string, string][] = [];
  const add = (name: string, value: string) => {
    if (!(name in changes)) pairs.push([name, value]);
  };
  for (const [, attributes = "", text] of form.matchAll(
    /<(?:input|textarea)\b([^>]*)>(?:([^<]*)<\/textarea>)?/g,
  )) {
    const name = attribute(attributes, "name");
    const type = attribute(attributes, "type");
    const off = (type === "radio" || type === "checkbox") && !/\schecked/.test(attributes);
    if (name && !off) add(name, text === undefined ? attribute(attributes, "value") : plain(text));
  }
  for (const [name, value] of Object.entries(changes))
    for (const one of [value].flat()) pairs.push([name, one]);
  return pairs;
}

function attribute(attributes: string, name: string): string {
  return plain(new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

function plain(text: string): string {
  const words: Record<string, string> = {
    "&quot;": '"',
    "&#34;": '"',
    "&#39;": "'",
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
  };
  return text.replace(/&(?:quot|#3[49]|lt|gt|amp);/g, (entity) => words[entity] ?? entity);
}
