/** A phone with vaults for tests: its worker, what its open pages remember, and a server that may be out of reach. */
import "./pocket";
import assert from "node:assert/strict";
import { contact } from "../../pwa/contact";
import type { Env } from "../../pwa/context";
import { uuid7 } from "../../pwa/ids";
import { run } from "../../pwa/outbox";
import type { Card, SyncNote } from "../../pwa/records";
import { makeRender } from "../../pwa/render";
import { respond } from "../../pwa/respond";
import { type Held, Ring } from "../../pwa/ring";
import { Device } from "../../pwa/store";
import { Vault } from "../../pwa/vault";
import { Door, type Person } from "./door";

/** One phone with its worker, its open page's memory, and a server that may be out of reach. */
export class Phone {
  now = Date.parse("2026-11-20T14:32:00+08:00");
  page: Held | null = null;
  device: Device;
  door!: Door;
  readonly a: Person = person("李秀芳", "13800000001");
  readonly b: Person = person("罗军", "13800000002");

  constructor() {
    this.device = this.worker();
  }

  static async open(): Promise<Phone> {
    const phone = new Phone();
    for (const { user } of await phone.device.cards()) await phone.device.wipe(user);
    await phone.device.change({ current: null, ended: false });
    phone.door = await Door.open([phone.a, phone.b], () => phone.now);
    return phone;
  }

  private worker(): Device {
    const tell = async (held: Held | null) => {
      this.page = held;
    };
    return new Device(new Ring({ ask: async () => this.page, tell }, () => this.now));
  }

  /** The worker is stopped and started, as browsers do; with `pages` false the app was closed too. */
  restart(pages = true): void {
    if (!pages) this.page = null;
    this.device = this.worker();
  }

  private env(work: Promise<unknown>[]): Env {
    return {
      device: this.device,
      render: makeRender({}),
      version: "test",
      now: () => new Date(this.now),
      fetch: this.door.fetch,
      online: () => this.door.reachable,
      sync: () => undefined,
      changed: () => undefined,
      after: (one) => work.push(one),
    };
  }

  async ask(path: string, pairs?: Record<string, string>): Promise<{ to: string; html: string }> {
    const init = pairs ? { method: "POST", body: new URLSearchParams(pairs) } : {};
    const work: Promise<unknown>[] = [];
    const response = await respond(new Request(`https://school.example${path}`, init), this.env(work));
    await Promise.all(work);
    return { to: response.headers.get("Location") ?? "", html: await response.text() };
  }

  async signIn({ phone, password }: Person): Promise<string> {
    return (await this.ask("/app/signin", { phone, password })).to;
  }

  async unlock(who: Person, given: Record<string, string>): Promise<{ to: string; html: string }> {
    return this.ask("/app/unlock", { who: `${who.id}.s`, back: "/app/me", ...given });
  }

  async card({ id }: Person): Promise<Card> {
    const card = (await this.device.cards()).find((one) => one.user === id);
    assert.ok(card);
    return card;
  }

  async vault(who: Person): Promise<Vault> {
    const card = await this.card(who);
    return new Vault(card, this.device.shelf(card.id), () => new Date(this.now));
  }

  async write(who: Person, text: string, visit = uuid7(this.now)): Promise<void> {
    const about = { doc: visit, kind: "visit", form: "home_visit", formVersion: 1, base: 0, meta: {} };
    await (await this.vault(who)).save({ ...about, set: { home_fb: text }, was: { home_fb: "" } });
  }

  async sync(who: Person): Promise<SyncNote> {
    await this.device.ring.find();
    const outside = { fetch: this.door.fetch, now: () => this.now };
    const nothing = async () => undefined;
    const vault = await this.vault(who);
    const net = { ...outside, random: () => 0.5, progress: nothing, keepCsrf: nothing };
    const note = await run(vault, net);
    await contact(this.device, vault.card, outside, note.state === "signin");
    return note;
  }

  /** All that lies in the person's shelf, as text in which a name would be found. */
  async stored(who: Person): Promise<string> {
    const { id } = await this.card(who);
    const open = indexedDB.open(`zoufang-${id}`);
    const db = await new Promise<IDBDatabase>((resolve) => {
      open.onsuccess = () => resolve(open.result);
    });
    const rows: unknown[] = [];
    for (const name of db.objectStoreNames) {
      const all = db.transaction(name).objectStore(name).getAll();
      await new Promise((resolve) => {
        all.onsuccess = resolve;
      });
      rows.push(...all.result);
    }
    db.close();
    return rows.map((row) => JSON.stringify(row, readable)).join("\n");
  }
}

function readable(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

function person(name: string, phone: string): Person {
  return { id: uuid7(), name, phone, password: `柿子-${phone}` };
}
