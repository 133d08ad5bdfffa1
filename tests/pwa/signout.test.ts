/** Signing out: the session at the server ends too, at once or at the next contact, and nobody else's does. */
import "./pocket";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { endSession } from "../../pwa/contact";
import { Phone } from "./phone";

let phone: Phone;

beforeEach(async () => {
  phone = await Phone.open();
  await phone.signIn(phone.a);
});

/** As the worker does at the head of each run. */
async function nextContact(): Promise<void> {
  await endSession(phone.device, phone.door).catch(() => undefined);
}

async function signOutInTheField(): Promise<void> {
  phone.door.reachable = false;
  await phone.ask("/app/signout", {});
  assert.equal(phone.door.session, phone.a.id, "the server has not heard of it");
}

test("with a signal the session is over at once", async () => {
  await phone.ask("/app/signout", {});
  assert.equal(phone.door.session, null);
});

test("signed out without a signal, it is over at the next contact, also after the app was closed", async () => {
  await signOutInTheField();
  phone.restart(false);
  await nextContact();
  phone.door.reachable = true;
  await nextContact();
  assert.equal(phone.door.session, null);
  const asked = phone.door.asked.length;
  await nextContact();
  assert.equal(phone.door.asked.length, asked, "nothing more is asked");
});

test("a refusal, a server in trouble and somebody's own page between end nothing: it is asked again", async () => {
  await signOutInTheField();
  phone.door.reachable = true;
  const whole = phone.door.fetch;
  const answers = [
    (method: string) => method === "DELETE" && new Response("{}", { status: 403 }),
    () => new Response("{}", { status: 503 }),
    () => new Response("<p>Hotel", { status: 200 }),
    () => Response.json({ welcome: true }),
  ];
  for (const answer of answers) {
    const fetch = async (path: string, init?: RequestInit) =>
      answer(init?.method ?? "GET") || whole(path, init);
    await endSession(phone.device, { fetch }).catch(() => undefined);
    assert.equal(phone.door.session, phone.a.id);
  }
  await nextContact();
  assert.equal(phone.door.session, null);
});

test("it ends by the session's token of now, not by one of before", async () => {
  await phone.device.changeCard((await phone.card(phone.a)).id, { csrf: "of before" });
  const tokens: (string | null)[] = [];
  const whole = phone.door.fetch;
  const noted = async (path: string, init: RequestInit = {}) => {
    if (init.method === "DELETE") tokens.push(new Headers(init.headers).get("X-CSRFToken"));
    return whole(path, init);
  };
  Object.assign(phone.door, { fetch: noted });
  await phone.ask("/app/signout", {});
  assert.deepEqual(tokens, ["c"]);
});

test("whoever has signed in since stays signed in: another, and the same person again", async () => {
  for (const who of [phone.b, phone.a]) {
    await signOutInTheField();
    phone.door.reachable = true;
    await phone.signIn(who);
    await nextContact();
    assert.equal(phone.door.session, who.id);
    await phone.ask("/app/signout", {});
    await phone.signIn(phone.a);
  }
});

test("another who never had the session signs out after: the first one's still ends", async () => {
  await phone.signIn(phone.b);
  await phone.signIn(phone.a);
  await signOutInTheField();
  await phone.unlock(phone.b, { password: phone.b.password });
  await phone.ask("/app/signout", {});
  phone.door.reachable = true;
  await nextContact();
  assert.equal(phone.door.session, null);
});
