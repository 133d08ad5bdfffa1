/** Networks that take a request and then say nothing more: nobody is kept waiting, and no run is held for ever. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Phone } from "./phone";

let phone: Phone;
let asked: Promise<void>;

beforeEach(async () => {
  phone = await Phone.open();
  await phone.signIn(phone.a);
});

/** From now on nothing is answered, or the headers and a first word only; `asked`: a request is on its way. */
function stall(path: string, answered: boolean): void {
  const whole = phone.door.fetch;
  asked = new Promise((resolve) => {
    const stalled = (given: string, init: RequestInit = {}): Promise<Response> => {
      if (!given.startsWith(path)) return whole(given, init);
      resolve();
      const { signal } = init;
      const ends = (fail: (why: unknown) => void) =>
        signal?.addEventListener("abort", () => fail(signal.reason));
      if (!answered) return new Promise((_resolve, reject) => ends(reject));
      const start = (body: ReadableStreamDefaultController) => {
        body.enqueue(new TextEncoder().encode("{"));
        ends((why) => body.error(why));
      };
      return Promise.resolve(new Response(new ReadableStream({ start })));
    };
    Object.assign(phone.door, { fetch: stalled });
  });
}

async function later<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const done = work();
    await asked;
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(seconds * 1000);
    return await done;
  } finally {
    mock.timers.reset();
  }
}

test("a wrong password on a network that answers nothing keeps no other page waiting, and is answered soon", async () => {
  await phone.ask("/app/lock", {});
  stall("/session", false);
  const tried = await later(20, async () => {
    const trying = phone.unlock(phone.a, { password: "不是这个" });
    await asked;
    assert.match((await phone.ask("/app/unlock")).html, /解锁/);
    return trying;
  });
  assert.match(tried.html, /密码不对.*要连一次网/);
});

test("an answer that stops after its headers ends the exchange, and what was written goes with the next", async () => {
  await phone.write(phone.a, "甲");
  const whole = phone.door.fetch;
  stall("/sync", true);
  const note = await later(60, () => phone.sync(phone.a));
  assert.equal(note.state, "offline");
  Object.assign(phone.door, { fetch: whole });
  assert.equal((await phone.sync(phone.a)).state, "ok");
  assert.equal(phone.door.log.length, 1);
});

test("a contact that stops half-way ends, and changes nothing", async () => {
  await phone.sync(phone.a);
  phone.now += 2 * 3_600_000;
  const before = await phone.device.locks(phone.a.id);
  stall("/vault", true);
  await later(20, () => assert.rejects(phone.sync(phone.a)));
  assert.deepEqual(await phone.device.locks(phone.a.id), before);
  assert.equal((await phone.card(phone.a)).session, true);
});
