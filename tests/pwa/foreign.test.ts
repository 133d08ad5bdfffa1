/** Forms that other sites' pages post into the app: they do nothing. */
import "./pocket";
import assert from "node:assert/strict";
import { test } from "node:test";
import { respond } from "../../pwa/respond";
import { Pocket } from "./pocket";

/** A form that a page sends as a page, as the worker gets it. Node makes no such requests by itself. */
async function sent(pocket: Pocket, path: string, referrer: string): Promise<Response> {
  const body = new URLSearchParams({ text: "200" });
  const request = new Request(`https://school.example${path}`, { method: "POST", body });
  Object.defineProperties(request, { mode: { value: "navigate" }, referrer: { value: referrer } });
  return respond(request, pocket.env);
}

const FOREIGN = ["", "about:client", "https://evil.example/", "https://school.example.evil.example/"];

for (const referrer of FOREIGN) {
  test(`a form from "${referrer}" does nothing, and it is said`, async () => {
    const pocket = await Pocket.open();
    const before = await pocket.env.device.settings();
    for (const path of ["/app/signin", "/app/signout", "/app/unlock", "/app/lock"]) {
      assert.equal((await sent(pocket, path, referrer)).status, 403, path);
    }
    assert.match(await (await sent(pocket, "/app/signout", referrer)).text(), /是别的网站送来的/);
    assert.deepEqual(await pocket.env.device.settings(), before);
  });
}

test("a form of the app's own pages is done", async () => {
  const pocket = await Pocket.open();
  const answer = await sent(pocket, "/app/signout", "https://school.example/app/signout");
  assert.equal(answer.status, 303);
  assert.equal((await pocket.env.device.settings()).current, null);
});
