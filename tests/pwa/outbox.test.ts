/** The phone's half of the exchange, against a server that does what servers and networks do. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { backOff, type Net, run } from "../../pwa/outbox";
import type { Doc, Op, Result, SyncReply, SyncRequest } from "../../pwa/protocol";
import type { SyncNote } from "../../pwa/records";
import { Vault } from "../../pwa/vault";
import { doc, ME, NOW, Pocket } from "./pocket";

/** A server of one client: keeps what it was sent, answers once for each seq, loses what it is told to lose. */
class School {
  readonly requests: SyncRequest[] = [];
  readonly headers: Headers[] = [];
  readonly taken: Op[] = [];
  readonly results: Result[] = [];
  docs: Doc[] = [];
  drop: { kind: string; id: string }[] = [];
  epoch = "life-1";
  page = 100;
  durable = 0;
  private rev = 100;
  /** What happens to the next requests, in order, instead of an answer; null: as usual. */
  plan: (((request: SyncRequest) => Response) | "lost" | "unreachable" | null)[] = [];
  /** What an op is answered with, if not `applied`. */
  answer: (op: Op) => Partial<Result> = () => ({});

  net(): Net {
    return {
      fetch: (path, init) => this.fetch(path, init),
      now: () => NOW.getTime(),
      random: () => 0.5,
      progress: async () => undefined,
      keepCsrf: async () => undefined,
    };
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    if (path === "/session") return problem(401, "unauthenticated", { csrf: "fresh" });
    const request = await read(init);
    this.headers.push(new Headers(init.headers));
    this.requests.push(request);
    const planned = this.plan.shift();
    if (planned === "unreachable") throw new TypeError("network");
    if (typeof planned === "function") return planned(request);
    const reply = this.reply(request);
    if (planned === "lost") throw new TypeError("the reply was lost");
    return Response.json(reply);
  }

  private reply(request: SyncRequest): SyncReply {
    const results = (request.push ?? []).map((op) => this.take(op));
    const from = Number(request.pull.cursor ?? 0);
    const docs = this.docs.slice(from, from + this.page);
    const drop = this.drop;
    this.drop = [];
    const to = from + docs.length;
    return {
      epoch: this.epoch,
      now: "2026-11-20T06:32:10Z",
      acked: this.taken.length,
      durable: this.durable,
      results,
      docs,
      drop,
      cursor: String(to),
      more: to < this.docs.length,
    };
  }

  private take(op: Op): Result {
    const known = this.results[op.seq - 1];
    if (known) {
      assert.deepEqual(op, this.taken[op.seq - 1], "an op that was sent never changes");
      return known;
    }
    assert.equal(op.seq, this.taken.length + 1, "no gap");
    this.taken.push(op);
    const result: Result = { seq: op.seq, result: "applied", rev: ++this.rev, ...this.answer(op) };
    this.results.push(result);
    return result;
  }
}

async function read(init: RequestInit): Promise<SyncRequest> {
  const stream = new Response(init.body).body;
  const packed = new Headers(init.headers).get("Content-Encoding") === "gzip";
  const plain = packed ? stream?.pipeThrough(new DecompressionStream("gzip")) : stream;
  return (await new Response(plain).json()) as SyncRequest;
}

function problem(
  status: number,
  name: string,
  more: object = {},
  headers: Record<string, string> = {},
): Response {
  const body = JSON.stringify({ type: `/problems/${name}`, title: name, status, ...more });
  return new Response(body, { status, headers: { "Content-Type": "application/problem+json", ...headers } });
}

let school: School;
let vault: Vault;

beforeEach(async () => {
  school = new School();
  vault = (await Pocket.open()).vault;
});

const VISIT = "0193bbbb-0000-7000-8000-000000000001";

async function write(set: Record<string, string>, id = VISIT): Promise<void> {
  const about = { doc: id, kind: "visit", form: "home_visit", formVersion: 1, meta: { students: [] } };
  await vault.save({ ...about, base: (await vault.snapshot()).view(id)?.base ?? 0, set });
}

async function shown(id = VISIT): Promise<unknown> {
  return (await vault.snapshot()).view(id)?.fields.carer;
}

const sync = (): Promise<SyncNote> => run(vault, school.net());

test("what was written arrives once, and the phone says so", async () => {
  await write({ carer: "one_away" });
  const note = await sync();
  assert.equal(note.state, "ok");
  assert.equal(note.sent, 1);
  assert.deepEqual(
    school.taken.map(({ op, set }) => [op, set]),
    [["create", { carer: "one_away" }]],
  );
  assert.equal((await vault.snapshot()).unsent.length, 0);
  await sync();
  assert.equal(school.taken.length, 1);
});

test("a lost reply: the same ops go again, unchanged, and count once", async () => {
  await write({ carer: "one_away" });
  school.plan = ["lost"];
  assert.equal((await sync()).state, "offline");
  assert.equal((await vault.snapshot()).unsent.length, 1);
  await write({ carer: "both_away" });
  assert.equal((await sync()).state, "ok");
  assert.deepEqual(
    school.taken.map(({ seq, set }) => [seq, set?.carer]),
    [
      [1, "one_away"],
      [2, "both_away"],
    ],
  );
  assert.equal((await vault.snapshot()).unsent.length, 0);
});

test("what was never in a request takes further edits in", async () => {
  await write({ carer: "one_away" });
  await write({ carer: "both_away", commute: "walk" });
  await sync();
  assert.deepEqual(
    school.taken.map(({ set }) => set),
    [{ carer: "both_away", commute: "walk" }],
  );
});

test("no signal: nothing changes, the next try waits longer each time", async () => {
  await write({ carer: "one_away" });
  const waits: number[] = [];
  for (let i = 0; i < 3; i++) {
    school.plan = ["unreachable"];
    const note = await sync();
    assert.equal(note.state, "offline");
    waits.push(note.next - NOW.getTime());
  }
  assert.ok((waits[0] ?? 0) < (waits[1] ?? 0) && (waits[1] ?? 0) < (waits[2] ?? 0));
  assert.ok(backOff(50, 1) <= 20 * 60_000);
  assert.equal((await vault.snapshot()).unsent.length, 1);
});

test("a busy server says how long to wait, and is not asked before", async () => {
  school.plan = [() => problem(503, "unavailable", {}, { "Retry-After": "120" })];
  const note = await sync();
  assert.equal(note.state, "later");
  assert.ok(note.next - NOW.getTime() >= 120_000);
});

test("an ended session loses nothing; it says that one has to sign in", async () => {
  await write({ carer: "one_away" });
  school.plan = [() => problem(401, "unauthenticated")];
  assert.equal((await sync()).state, "signin");
  assert.equal((await vault.snapshot()).unsent.length, 1);
  assert.equal(await shown(), "one_away");
});

test("an ended session with a delivery token still delivers", async () => {
  await write({ carer: "one_away" });
  const held = new Vault({ ...vault.card, delivery: "token" }, vault.shelf);
  school.plan = [() => problem(401, "unauthenticated"), null, () => problem(401, "unauthenticated")];
  assert.equal((await run(held, school.net())).state, "signin");
  assert.equal(school.headers[1]?.get("Authorization"), "Delivery token");
  assert.equal((await vault.snapshot()).unsent.length, 0);
  assert.equal(school.taken.length, 1);
});

test("at the one-way door, too, a busy server or too much at once is not taken for an ended session", async () => {
  for (const id of [1, 2, 3, 4]) await write({ carer: "one_away" }, VISIT.slice(0, -1) + id);
  const held = new Vault({ ...vault.card, delivery: "token" }, vault.shelf);
  const over = () => problem(401, "unauthenticated");
  school.plan = [over, () => problem(503, "busy", {}, { "Retry-After": "120" })];
  const busy = await run(held, school.net());
  assert.equal(busy.state, "later");
  assert.ok(busy.next - NOW.getTime() >= 120_000);
  school.plan = [over, () => problem(413, "too_large"), over, null, over];
  assert.equal((await run(held, school.net())).state, "signin");
  assert.equal(school.taken.length, 4);
});

test("a token that has aged is fetched anew, once", async () => {
  school.plan = [() => problem(403, "csrf")];
  assert.equal((await sync()).state, "ok");
  assert.equal(school.headers[1]?.get("X-CSRFToken"), "fresh");
});

test("a token is not fetched for another person's session: nothing goes under their name", async () => {
  await write({ carer: "one_away" });
  school.plan = [() => problem(403, "csrf")];
  const net = school.net();
  const fetch: Net["fetch"] = async (path, init) =>
    path === "/session" ? Response.json({ user: { id: "another" }, csrf: "theirs" }) : net.fetch(path, init);
  assert.equal((await run(vault, { ...net, fetch })).state, "signin");
  assert.equal(school.requests.length, 1);
  assert.equal((await vault.snapshot()).unsent.length, 1);
});

test("pages come one after the other, and a cut between them goes on where it was", async () => {
  school.page = 2;
  school.docs = Array.from({ length: 5 }, (_, i) => doc("student", `s-${i}`, { name: `学生${i}` }));
  school.plan = [null, "unreachable"];
  assert.equal((await sync()).state, "offline");
  assert.equal((await vault.snapshot()).views("student").length, 2);
  const note = await sync();
  assert.deepEqual(note.got, { student: 3 });
  assert.equal((await vault.snapshot()).views("student").length, 5);
  assert.deepEqual(
    school.requests.map(({ pull }) => pull.cursor),
    [null, "2", "2", "4"],
  );
});

test("more than 200 changes go in several requests", async () => {
  for (let i = 0; i < 201; i++)
    await write({ carer: "one_away" }, `0193bbbb-0000-7000-8000-${String(i).padStart(12, "0")}`);
  assert.equal((await sync()).sent, 201);
  assert.deepEqual(
    school.requests.map(({ push }) => push?.length),
    [200, 1],
  );
  assert.equal(school.headers[0]?.get("Content-Encoding"), "gzip");
});

test("what the school does not take is told apart, and the queue goes on", async () => {
  school.answer = ({ seq }) => (seq === 1 ? { result: "held", code: "bad_value", rev: 0 } : {});
  await write({ carer: "one_away" });
  await write({ carer: "both_away" }, "0193bbbb-0000-7000-8000-000000000002");
  assert.equal((await sync()).state, "ok");
  const view = (await vault.snapshot()).view(VISIT);
  assert.equal(view?.held[0]?.result?.code, "bad_value");
  assert.equal(view?.fields.carer, "one_away", "a record that exists only here stays readable");
  assert.equal((await vault.snapshot()).unsent.length, 0);
});

test("a doc leaves the phone only after its unsent changes were answered", async () => {
  school.docs = [doc("visit", VISIT, { carer: "one_away" }, { meta: { author: ME } })];
  await sync();
  await write({ carer: "both_away" });
  await sync();
  school.plan = ["unreachable"];
  await write({ carer: "single" });
  await sync();
  school.drop = [{ kind: "visit", id: VISIT }];
  const order: unknown[] = [];
  school.answer = () => {
    order.push("answered");
    return {};
  };
  await sync();
  assert.deepEqual(order, ["answered"]);
  assert.equal((await vault.snapshot()).view(VISIT), undefined);
});

test("gap: the server lacks some, and gets them again from what is kept", async () => {
  await write({ carer: "one_away" });
  await sync();
  school.taken.length = 0;
  school.results.length = 0;
  await write({ carer: "both_away" });
  school.plan = [() => problem(409, "gap", { expected: 1 })];
  assert.equal((await sync()).state, "ok");
  assert.deepEqual(
    school.taken.map(({ seq, set }) => [seq, set?.carer]),
    [
      [1, "one_away"],
      [2, "both_away"],
    ],
  );
});

test("fork: a copied database becomes another client and loses nothing", async () => {
  await write({ carer: "one_away" });
  await sync();
  const before = school.requests[0]?.client;
  await write({ carer: "both_away" });
  school.plan = [() => problem(409, "fork", { acked: 5, differs: 2 })];
  school.taken.length = 0;
  school.results.length = 0;
  assert.equal((await sync()).state, "ok");
  assert.notEqual(school.requests[2]?.client, before);
  assert.deepEqual(
    school.taken.map(({ seq, set }) => [seq, set?.carer]),
    [[1, "both_away"]],
  );
});

test("fork: what the server has alike is not sent again under the new number", async () => {
  await write({ carer: "one_away" });
  school.plan = ["unreachable"];
  await sync(); // sent, and nobody knows that it has not arrived
  await write({ carer: "both_away" });
  school.plan = [() => problem(409, "fork", { acked: 3, differs: 2 })];
  assert.equal((await sync()).state, "ok");
  assert.deepEqual(
    school.taken.map(({ seq, set }) => [seq, set?.carer]),
    [[1, "both_away"]],
  );
  assert.equal((await vault.snapshot()).unsent.length, 0);
});

test("resync: a restored server gets back what its backup had not seen, and the phone starts its pull anew", async () => {
  school.docs = [doc("student", "s-old", { name: "旧" })];
  await write({ carer: "one_away" });
  await sync();
  await write({ carer: "both_away" });
  await sync();
  school.taken.length = 1;
  school.results.length = 1;
  school.epoch = "life-2";
  school.docs = [
    doc("student", "s-new", { name: "新" }),
    doc("visit", VISIT, { carer: "both_away" }, { rev: 2 ** 32 }),
  ];
  school.plan = [() => problem(409, "resync", { epoch: "life-2", acked: 1, results: [] })];
  assert.equal((await sync()).state, "ok");
  assert.deepEqual(
    school.taken.map(({ set }) => set?.carer),
    ["one_away", "both_away"],
  );
  const snap = await vault.snapshot();
  assert.deepEqual(
    snap.views("student").map(({ id }) => id),
    ["s-new"],
  );
  assert.equal(snap.core.epoch, "life-2");
  assert.equal(await shown(), "both_away");
});

test("resync: what a copy of the phone sent first under the same number does not count as sent", async () => {
  await write({ carer: "one_away" });
  await sync();
  await write({ carer: "both_away" });
  await sync();
  school.epoch = "life-2";
  school.plan = [
    () => problem(409, "resync", { epoch: "life-2", acked: 2, results: [] }),
    () => problem(409, "fork", { acked: 2, differs: 2 }),
  ];
  school.taken.length = 0;
  school.results.length = 0;
  assert.equal((await sync()).state, "ok");
  assert.deepEqual(
    school.requests[4]?.push?.map(({ seq }) => seq),
    [1, 2],
  );
  assert.deepEqual(
    school.taken.map(({ seq, set }) => [seq, set?.carer]),
    [[1, "both_away"]],
  );
});

test("too large a push is cut down", async () => {
  await write({ carer: "one_away" });
  await write({ carer: "one_away" }, "0193bbbb-0000-7000-8000-000000000002");
  school.plan = [() => problem(413, "too_large")];
  assert.equal((await sync()).state, "ok");
  assert.equal(school.taken.length, 2);
});

test("a stranger's page instead of the server's answer is no answer", async () => {
  await write({ carer: "one_away" });
  school.plan = [() => new Response("<html>登录校园网</html>", { headers: { "Content-Type": "text/html" } })];
  assert.equal((await sync()).state, "offline");
  assert.equal((await vault.snapshot()).unsent.length, 1);
});

test("what is written while a sync is under way goes with the next round", async () => {
  await write({ carer: "one_away" });
  school.plan = [
    (request) => {
      assert.equal(request.push?.length, 1);
      return problem(503, "unavailable");
    },
  ];
  const running = sync();
  await write({ carer: "both_away" });
  await running;
  assert.equal(await shown(), "both_away");
  await sync();
  assert.equal(school.taken[school.taken.length - 1]?.set?.carer, "both_away");
});

test("who signed out with something unsent: it goes by the one-way door, and nothing comes in", async () => {
  await write({ carer: "one_away" });
  school.docs = [doc("student", "s", { name: "龙䶮" })];
  const out = new Vault({ ...vault.card, signedIn: false, delivery: "token" }, vault.shelf);
  assert.equal((await run(out, school.net())).state, "signin");
  assert.equal(school.headers[0]?.get("Authorization"), "Delivery token");
  const snap = await vault.snapshot();
  assert.equal(snap.unsent.length, 0);
  assert.equal(snap.views("student").length, 0);
});

test("what the office released or closed is no longer told as not taken", async () => {
  school.answer = () => ({ result: "held", code: "forbidden", rev: 0 });
  await write({ carer: "one_away" });
  await sync();
  assert.equal((await vault.snapshot()).view(VISIT)?.held.length, 1);
  const { client } = (await vault.snapshot()).core;
  school.docs = [
    doc("visit", VISIT, { carer: "one_away" }, { meta: { author: ME } }),
    doc("held", `${client}:1`, { code: "forbidden" }, { state: "released" }),
  ];
  await sync();
  assert.equal((await vault.snapshot()).view(VISIT)?.held.length, 0);
});

test("what the office closed is told with its reason, and a record that exists only here stays", async () => {
  school.answer = () => ({ result: "held", code: "forbidden", rev: 0 });
  await write({ carer: "one_away" });
  await sync();
  const { client } = (await vault.snapshot()).core;
  const notes = { events: [{ event: "close", args: { reason: "不是您班上的" } }] };
  school.docs = [doc("held", `${client}:1`, { code: "forbidden" }, { state: "closed", notes })];
  await sync();
  const view = (await vault.snapshot()).view(VISIT);
  assert.equal(view?.held.length, 0);
  assert.deepEqual(view?.closed, ["不是您班上的"]);
  assert.equal(view?.fields.carer, "one_away");
});

test("what is saved during the last round is not left for the next time", async () => {
  await write({ carer: "one_away" });
  let saved = false;
  const progress = async (note: SyncNote) => {
    if (note.sent === 0 || saved) return;
    saved = true;
    await write({ carer: "both_away" });
  };
  await run(vault, { ...school.net(), progress });
  assert.equal((await vault.snapshot()).unsent.length, 0);
  assert.equal(school.taken.length, 2);
});

test("a server that answers without results does not keep the phone busy for ever", async () => {
  await write({ carer: "one_away" });
  const empty = {
    epoch: "life-1",
    now: "",
    acked: 0,
    durable: 0,
    results: [],
    docs: [],
    drop: [],
    cursor: "0",
    more: false,
  };
  school.plan = [() => Response.json(empty)];
  assert.equal((await sync()).state, "trouble");
  assert.equal(school.requests.length, 1);
  assert.equal((await vault.snapshot()).unsent.length, 1);
});

test("signing out while an answer is on its way: nothing readable comes after it", async () => {
  school.docs = [doc("student", "s", { name: "龙䶮" })];
  await write({ carer: "one_away" });
  const slow: Net = {
    ...school.net(),
    fetch: async (path, init) => {
      const response = await school.net().fetch(path, init);
      await vault.clearReadable();
      return response;
    },
  };
  assert.equal((await run(vault, slow)).state, "signin");
  const snap = await vault.snapshot();
  assert.equal(snap.views("student").length, 0);
  assert.equal(snap.unsent.length, 1);
  assert.equal((await sync()).state, "ok");
  assert.equal(school.taken.length, 1);
});
