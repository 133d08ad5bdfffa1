/** The file with unsent work: what waits, all of it, in order, provably whose; and what can't be put into one is said. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { OpRow } from "../../pwa/boxes";
import { fromText, utf8 } from "../../pwa/crypto/bytes";
import { sealTo } from "../../pwa/crypto/server";
import type { Card, Core } from "../../pwa/records";
import { fileName, fileOf, isReady, parcelOf, records } from "../../pwa/unsent";
import { doc, NOW, Pocket } from "./pocket";
import { opened, type SealedCase } from "./sealed";

const [CASE] = (JSON.parse(readFileSync("sync/vectors/sealed.json", "utf-8")) as { cases: SealedCase[] })
  .cases;
const CLIENT = "0193dddd-0000-7000-8000-000000000001";
const CARD = { id: "u.s", user: "u", school: "s", name: "王芳", delivery: "pass-1" } as Card;

async function row(n: number, more: Partial<OpRow> = {}): Promise<OpRow> {
  assert.ok(CASE);
  const seal = await sealTo(CASE.key, `u|${CLIENT}:${n}`, utf8(`{"seq":${n}}`));
  const row = { n, doc: `d${n % 2}`, stage: "new" as const, k: "k", box: null, client: CLIENT, seq: n };
  return { ...row, seal, sealKey: CASE.key.id, ...more };
}

async function open(about: string, sealed: string): Promise<string> {
  assert.ok(CASE);
  return new TextDecoder().decode(await opened({ ...CASE, about }, fromText(sealed)));
}

test("the file has all that waits, in order, and a proof that only the server reads", async () => {
  const rows = [await row(4), await row(3, { stage: "sent" }), await row(2, { stage: "past" }), await row(5)];
  const all = [...rows, await row(1, { stage: "sent", delivered: 7 })];
  const parcel = parcelOf(CARD, CASE?.key, all, { epoch: "e" } as Core);
  assert.equal(records(parcel), 2);
  const text = (await fileOf(parcel, NOW)) ?? "";
  assert.doesNotMatch(text, /pass-1/);
  const file = JSON.parse(text);
  assert.deepEqual(
    [file.format, file.version, file.school, file.user, file.client, file.key, file.epoch],
    ["zoufang-unsent", 1, "s", "u", CLIENT, CASE?.key.id, "e"],
  );
  assert.equal(await open(CLIENT, file.proof), "pass-1");
  assert.deepEqual(
    file.ops.map(({ seq }: { seq: number }) => seq),
    [3, 4, 5],
  );
  for (const { seq, sealed } of file.ops)
    assert.equal(await open(`u|${CLIENT}:${seq}`, sealed), `{"seq":${seq}}`);
  assert.equal(fileName(parcel, NOW), "走访没传的-王芳-2026-11-20.zoufang");
});

test("without a pass, a seal or one key for all there is no file, rather than half of one", async () => {
  const good = await row(1);
  const cases: [Partial<Card>, OpRow[]][] = [
    [{ delivery: null }, [good]],
    [{}, [good, { ...(await row(2)), seal: undefined } as unknown as OpRow]],
    [{}, [good, await row(2, { sealKey: "older" })]],
    [{}, [good, await row(2, { client: "another" })]],
  ];
  for (const [card, rows] of cases) {
    const parcel = parcelOf({ ...CARD, ...card }, CASE?.key, rows);
    assert.equal(isReady(parcel), false);
    assert.equal(await fileOf(parcel, NOW), null);
  }
});

test("the page says what can't be saved yet, and when there is nothing to save", async () => {
  const pocket = await Pocket.open([doc("student", "p1", { name: "覃佑建" })]);
  const before = await pocket.visit("/app/export");
  assert.match(before.html, /没有要导出的/);
  const path = "/app/fill/0193cccc-0000-7000-8000-000000000001/field?form=home_visit&student=p1";
  await pocket.post(path, [
    ["base:note", "0"],
    ["was:note", ""],
    ["note", "路滑。"],
  ]);
  const after = await pocket.visit("/app/export");
  assert.match(after.html, /1条没传/);
  assert.match(after.html, /还不能存成文件/);
  assert.doesNotMatch(after.html, /路滑|覃佑建/);
});
