/** Boxes, wraps and seals: they open with what they should and with nothing else. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromText, joined, random, toText, utf8 } from "../../pwa/crypto/bytes";
import { openRow, place, rowKey, sealRow } from "../../pwa/crypto/rows";
import { sealTo } from "../../pwa/crypto/server";
import { secretOf, unwrap, unwrapSelf, wrapPassword, wrapSelf } from "../../pwa/crypto/wraps";
import { CURVE, opened, privateKey, type SealedCase } from "./sealed";

const { cases } = JSON.parse(readFileSync("sync/vectors/sealed.json", "utf-8")) as { cases: SealedCase[] };

test("what the phone seals opens for the server, is never twice the same, and belongs to its place", async () => {
  for (const one of cases) {
    const sealed = await sealTo(one.key, one.about, fromText(one.plain));
    assert.equal(toText(await opened(one, sealed)), one.plain, one.name);
    assert.notEqual(toText(sealed), toText(await sealTo(one.key, one.about, fromText(one.plain))));
    await assert.rejects(opened({ ...one, about: `${one.about}0` }, sealed));
  }
});

test("a given ephemeral pair is the one in the bytes", async () => {
  const [one] = cases;
  assert.ok(one);
  const publicKey = await crypto.subtle.importKey("raw", fromText(one.ephemeral.public), CURVE, true, []);
  const pair = { publicKey, privateKey: await privateKey(one.ephemeral) };
  const sealed = await sealTo(one.key, one.about, fromText(one.plain), pair);
  assert.equal(toText(sealed.slice(0, 65)), one.ephemeral.public);
  assert.equal(sealed.length, fromText(one.sealed).length);
});

test("a row opens in its place only, and unchanged only", async () => {
  const key = await rowKey(random(32));
  const where = place("u.s", "docs", "d1");
  const box = await sealRow(key, where, { name: "龙䶮" });
  assert.deepEqual(await openRow(key, where, box), { name: "龙䶮" });
  for (const other of [place("u.s", "docs", "d2"), place("u.s", "ops", "d1"), place("v.s", "docs", "d1")]) {
    await assert.rejects(openRow(key, other, box));
  }
  await assert.rejects(openRow(await rowKey(random(32)), where, box));
  for (const at of [0, 20, box.length - 1]) {
    const changed = box.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(openRow(key, where, changed), String(at));
  }
  assert.ok(!Buffer.from(box).includes(Buffer.from("龙")));
});

test("a wrapped key opens with password, phone and share together, and not without any one of them", async () => {
  const parts = { user: "u", keyId: "k", deviceKey: random(32), share: random(32) };
  const raw = random(32);
  const made = await wrapPassword(parts, raw, "柿子树下-42");
  const secret = await secretOf("柿子树下-42", made.salt);
  assert.deepEqual(await unwrap(parts, made, secret), raw);
  assert.equal(await unwrap(parts, made, await secretOf("柿子树下-43", made.salt)), null);
  assert.equal(await unwrap({ ...parts, share: random(32) }, made, secret), null);
  assert.equal(await unwrap({ ...parts, deviceKey: random(32) }, made, secret), null);
  assert.equal(await unwrap({ ...parts, user: "v" }, made, secret), null);
});

test("who has the key open can have its bytes, to wrap them anew", async () => {
  const raw = random(32);
  const key = await rowKey(raw);
  const self = await wrapSelf({ user: "u", keyId: "k" }, key, raw);
  assert.deepEqual(await unwrapSelf({ user: "u", keyId: "k" }, self, key), raw);
  assert.equal(key.extractable, false);
});

test("bytes survive as text", () => {
  for (const length of [0, 1, 2, 3, 9000]) {
    const bytes = random(length);
    assert.deepEqual(fromText(toText(bytes)), bytes);
    assert.match(toText(bytes), /^[\w-]*$/);
  }
  assert.deepEqual(joined(utf8("a"), utf8("b")), utf8("ab"));
});
