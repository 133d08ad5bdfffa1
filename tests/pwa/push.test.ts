import assert from "node:assert/strict";
import { test } from "node:test";
import { listenForPush, ownPage, stopPush, within } from "../../pwa/push";

const ORIGIN = "https://zoufang.test";
type Handler = (event: unknown) => void;

/** As much of a worker as the handlers touch, and what they did with it. */
class FakeWorker {
  readonly handlers = new Map<string, Handler>();
  readonly did: unknown[] = [];
  readonly location = { origin: ORIGIN };
  windows: unknown[] = [];
  synced = 0;

  readonly registration = {
    showNotification: async (title: string, { body, tag, data }: NotificationOptions) => {
      this.did.push({ title, body, tag, url: data.url });
    },
    pushManager: {},
  };
  readonly clients = {
    matchAll: async () => this.windows,
    openWindow: async (url: string) => {
      this.did.push({ opened: url });
    },
  };

  constructor() {
    listenForPush(this as unknown as ServiceWorkerGlobalScope, async () => {
      this.synced++;
    });
  }

  addEventListener(type: string, handler: Handler): void {
    this.handlers.set(type, handler);
  }

  /** Raises an event and waits for what it keeps the worker alive for. */
  async raise(type: string, event: object): Promise<unknown[]> {
    const work: Promise<unknown>[] = [];
    this.handlers.get(type)?.({ ...event, waitUntil: (one: Promise<unknown>) => work.push(one) });
    assert.ok(work.length > 0, "the worker is kept alive");
    await Promise.all(work);
    return this.did;
  }

  window(path: string, controlled = true): void {
    this.windows.push({
      url: ORIGIN + path,
      navigate: async (url: string) => {
        if (!controlled) throw new TypeError("not controlled");
        this.did.push({ went: url });
        return {
          focus: async () => {
            this.did.push("focused");
          },
        };
      },
    });
  }
}

const message = (data: unknown) => ({ data: { json: () => JSON.parse(JSON.stringify(data)) } });
const tap = (url: unknown) => ({ notification: { data: { url }, close: () => undefined } });

test("a message is shown as it says, and what it is about is fetched", async () => {
  const worker = new FakeWorker();
  const given = { title: "走访", body: "您有1次走访本周到期,点开查看", tag: "due", url: "/app/pupils/1" };
  assert.deepEqual(await worker.raise("push", message(given)), [given]);
  assert.equal(worker.synced, 1);
});

test("something is shown whatever comes", async () => {
  const broken = { data: { json: () => JSON.parse("<not json>") } };
  for (const event of [
    { data: null },
    broken,
    message(null),
    message("text"),
    message({ title: 7, body: [] }),
  ]) {
    const [shown] = (await new FakeWorker().raise("push", event)) as { title: string; body: string }[];
    assert.equal(shown?.title, "走访");
    assert.ok(shown?.body);
  }
});

test("a tap leads the open window to the page", async () => {
  const worker = new FakeWorker();
  worker.window("/office/");
  worker.window("/app/me");
  assert.deepEqual(await worker.raise("notificationclick", tap("/app/pupils/1")), [
    { went: "/app/pupils/1" },
    "focused",
  ]);
});

test("without a window of the app, or with one that can't be led, a new one is opened", async () => {
  const none = new FakeWorker();
  assert.deepEqual(await none.raise("notificationclick", tap("/app/pupils/1")), [
    { opened: "/app/pupils/1" },
  ]);
  const foreign = new FakeWorker();
  foreign.window("/app/", false);
  assert.deepEqual(await foreign.raise("notificationclick", tap("/app/")), [{ opened: "/app/" }]);
});

test("a message leads nowhere but to the app's own pages", () => {
  for (const url of [
    "https://evil.test/app/",
    "//evil.test/app/",
    "javascript:alert(1)",
    "/office/",
    "/app/../office",
    "",
    7,
    null,
  ]) {
    assert.equal(ownPage(url, ORIGIN), "/app/");
  }
  assert.equal(ownPage("/app/pupils/1?x=2", ORIGIN), "/app/pupils/1?x=2");
});

test("signing out ends the subscription, and there may be none", async () => {
  let ended = 0;
  const one = { unsubscribe: async () => ++ended };
  const registration = (found: unknown) =>
    ({ pushManager: { getSubscription: async () => found } }) as unknown as ServiceWorkerRegistration;
  await stopPush(registration(one));
  await stopPush(registration(null));
  assert.equal(ended, 1);
});

test("what hangs is given up, what comes in time is not", async () => {
  await assert.rejects(within(1, new Promise(() => undefined)), { name: "TimeoutError" });
  assert.equal(await within(1000, Promise.resolve("here")), "here");
});
