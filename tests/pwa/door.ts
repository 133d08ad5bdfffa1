/** A server's door for tests of vaults: passwords, leases, a key to seal to, pushes that may come open or sealed. */
import assert from "node:assert/strict";
import { type Bytes, fromText, random, toText } from "../../pwa/crypto/bytes";
import { decrypt } from "../../pwa/crypto/rows";
import { derived, type ServerKey } from "../../pwa/crypto/server";
import type { Op, Result, SyncRequest } from "../../pwa/protocol";

const CURVE = { name: "ECDH", namedCurve: "P-256" };

export interface Person {
  id: string;
  name: string;
  phone: string;
  password: string;
}

export class Door {
  readonly taken = new Map<string, Op[]>();
  readonly asked: string[] = [];
  /** Who has the browser's session, and which delivery tokens' sessions were ended from a list of devices. */
  session: string | null = null;
  revoked = new Set<string>();
  reachable = true;
  /** An op that differs from the one taken under its number is answered, not a failure of the test. */
  forks = false;
  days = 14;
  /** The life of its database, and whose each client is: who pushed first, before that who got a pass for it. */
  epoch = "e";
  private readonly owners = new Map<string, string>();
  /** What was taken, in order, over all lives: "<client>:<seq>" and the op. */
  readonly log: [string, Op][] = [];
  /** After so many answers one is lost on its way. */
  answers = Number.POSITIVE_INFINITY;
  /** What each delivery of sealed ops had, and which life of the database it named. */
  readonly deliveries: [unknown, number[]][] = [];
  /** How many of each client's ops are said to be in a backup. */
  durable = 0;
  private readonly inherited = new Map<string, number>();
  /** What was asked when a phone said that it is wiped. */
  readonly wiped: string[] = [];
  private readonly shares = new Map<string, Bytes>();

  private constructor(
    readonly people: Person[],
    private readonly pair: CryptoKeyPair,
    readonly key: ServerKey,
    private readonly now: () => number,
  ) {}

  static async open(people: Person[], now: () => number): Promise<Door> {
    const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
    const point = await crypto.subtle.exportKey("raw", pair.publicKey);
    return new Door(people, pair, { id: "k1", public: toText(new Uint8Array(point)) }, now);
  }

  readonly fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    if (!this.reachable) throw new TypeError("offline");
    const response = await this.answer(path, init);
    if (this.answers-- === 0) throw new TypeError("the reply was lost");
    return response;
  };

  private async answer(path: string, init: RequestInit): Promise<Response> {
    this.asked.push(`${init.method ?? "GET"} ${path.split("?")[0]}`);
    const token = new Headers(init.headers).get("Authorization")?.replace("Delivery ", "");
    if (path === "/session") return this.sessions(init);
    if (path.startsWith("/vault/wipe")) return this.wipe(path, token ?? "");
    if (path.startsWith("/vault")) return this.vault(path, token);
    const packed = new Headers(init.headers).get("Content-Encoding") === "gzip";
    const stream = new Response(init.body).body;
    const plain = packed ? stream?.pipeThrough(new DecompressionStream("gzip")) : stream;
    const body = (await new Response(plain).json()) as SyncRequest & Sealed;
    if (path === "/sync/sealed") return this.sealed(body, token);
    return this.sync(body, token);
  }

  private sessions(init: RequestInit): Response {
    if (init.method === "DELETE") {
      this.session = null;
      return new Response(null, { status: 204 });
    }
    if (init.method !== "POST") {
      if (!this.session) return problem(401, "unauthenticated", { csrf: "c" });
      return Response.json({ user: { id: this.session }, csrf: "c" });
    }
    const { phone, password, client } = JSON.parse(String(init.body)) as Record<string, string>;
    const person = this.people.find((one) => one.phone === phone && one.password === password);
    if (!person) return problem(401, "wrong_password");
    this.session = person.id;
    const schools = [{ id: "s", name: "石门乡中心小学" }];
    const user = { id: person.id, name: person.name };
    const delivery = `${person.id}/${client}`;
    if (client && !this.owners.has(client)) this.owners.set(client, person.id);
    const answer = { user, school: "s", schools, csrf: "c", delivery };
    return Response.json(answer, { status: 201 });
  }

  private vault(path: string, token?: string): Response {
    if (token) return Response.json({ revoked: this.revoked.has(user(token)), key: this.key });
    if (!this.session) return problem(401, "unauthenticated");
    const whose = `${this.session} ${new URL(path, "https://x").searchParams.get("device")}`;
    const share = this.shares.get(whose) ?? random(32);
    this.shares.set(whose, share);
    const until = new Date(this.now() + this.days * 86_400_000).toISOString();
    const lease = { share: toText(share), until, lease_days: this.days, key: this.key };
    const client = new URL(path, "https://x").searchParams.get("client");
    if (client && !this.owners.has(client)) this.owners.set(client, this.session);
    const delivery = client && { delivery: `${this.session}/${client}` };
    return Response.json({ user: this.session, ...lease, ...delivery });
  }

  private wipe(path: string, token: string): Response {
    if (!this.revoked.has(user(token))) return problem(409, "not_revoked");
    this.wiped.push(path);
    return new Response(null, { status: 204 });
  }

  private async sealed({ client, epoch, ops }: Sealed, token?: string): Promise<Response> {
    this.deliveries.push([epoch, ops.map(({ seq }) => seq)]);
    const who = this.who(client, token);
    if (who instanceof Response) return who;
    const opened: Op[] = [];
    for (const { seq, sealed, from } of ops) {
      const about = `${who}|${from ?? `${client}:${seq}`}`;
      const op = await this.opened(about, fromText(sealed)).catch(() => ({ unread: from }));
      opened.push({ ...op, seq } as Op);
    }
    const gap = this.push(client, opened);
    return gap ?? Response.json({ acked: this.of(client).length, durable: 0 });
  }

  /** Who pushes as this client, or why not. */
  private who(client: string, token?: string): string | Response {
    const who = token === undefined ? this.session : token.split("/")[1] === client && user(token);
    if (!who) return problem(401, "unauthenticated");
    if ((this.owners.get(client) ?? who) !== who) return problem(403, "client");
    this.owners.set(client, who);
    return who;
  }

  /** Makes somebody the owner of a client. */
  give(client: string, owner: string): void {
    this.owners.set(client, owner);
  }

  /** What a backup has. */
  backup(): Map<string, Op[]> {
    return new Map([...this.taken].map(([client, ops]) => [client, [...ops]]));
  }

  /** The server comes back from before anybody had signed in: it lends shares of another making. */
  forgetLent(): void {
    this.shares.clear();
    this.session = null;
  }

  /** Begins another life with what was in the backup. */
  restore(backup: Map<string, Op[]>): void {
    this.taken.clear();
    this.inherited.clear();
    for (const [client, ops] of backup) {
      this.taken.set(client, [...ops]);
      this.inherited.set(client, ops.length);
    }
    this.epoch += "'";
  }

  private async opened(about: string, sealed: Bytes): Promise<Op> {
    const from = await crypto.subtle.importKey("raw", sealed.slice(0, 65), CURVE, false, []);
    const how = { name: "ECDH", public: from };
    const shared = await crypto.subtle.deriveBits(how, this.pair.privateKey, 256);
    const key = await derived(new Uint8Array(shared), `zoufang op 1|${this.key.id}`);
    return JSON.parse(new TextDecoder().decode(await decrypt(key, about, sealed.slice(65)))) as Op;
  }

  private sync({ client, push = [], pull, epoch }: SyncRequest, token?: string): Response {
    const who = this.who(client, token);
    if (who instanceof Response) return who;
    const gap = this.push(client, push);
    if (gap) return gap;
    const results = push.map(({ seq }): Result => ({ seq, result: "applied", rev: 100 + seq }));
    const acked = this.of(client).length;
    const inherited = this.inherited.get(client) ?? 0;
    if (epoch && epoch !== this.epoch)
      return problem(409, "resync", { epoch: this.epoch, acked, inherited, results });
    const still = { docs: [], drop: [], cursor: pull.cursor ?? "1", more: false };
    const { durable } = this;
    return Response.json({ epoch: this.epoch, now: "", acked, durable, results, ...still });
  }

  /** Each op once and in order; the same one again is known. */
  private push(client: string, ops: Op[]): Response | null {
    const taken = this.of(client);
    for (const op of ops) {
      const known = taken[op.seq - 1];
      if (known && this.forks) {
        if (JSON.stringify(op) !== JSON.stringify(known)) return problem(409, "fork", { differs: op.seq });
      } else if (known) assert.deepEqual(op, known, "an op that was sent never changes");
      else if (op.seq !== taken.length + 1) return problem(409, "gap", { expected: taken.length + 1 });
      else {
        taken.push(op);
        this.log.push([`${client}:${op.seq}`, op]);
      }
    }
    return null;
  }

  of(client: string): Op[] {
    const taken = this.taken.get(client) ?? [];
    this.taken.set(client, taken);
    return taken;
  }
}

interface Sealed {
  client: string;
  epoch?: unknown;
  ops: { seq: number; sealed: string; from?: string }[];
}

function user(token: string): string {
  return token.split("/")[0] ?? "";
}

function problem(status: number, name: string, more: object = {}): Response {
  return Response.json({ type: `/problems/${name}`, title: name, status, ...more }, { status });
}
