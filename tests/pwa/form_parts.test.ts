import assert from "node:assert/strict";
import { test } from "node:test";
import { typed, verdict } from "../../pwa/form/keypad";
import { isNew, type Point, pathOf } from "../../pwa/form/signature";

test("the keypad judges while one types", () => {
  const heat = { least: 70, unit: "℃", advice: "请回锅再量" };
  assert.equal(verdict(62, heat), "低8℃，请回锅再量");
  assert.equal(verdict(69.5, heat), "低0.5℃，请回锅再量");
  assert.equal(verdict(70, heat), null);
  assert.equal(verdict(135, { most: 120, unit: "分钟", advice: "" }), "超15分钟");
  assert.equal(verdict(0, { unit: "克", advice: "" }), null);
});

test("keys make a number and nothing else", () => {
  const type = (keys: string) =>
    [...keys].reduce((text, key) => typed(text, key === "<" ? "erase" : key), "");
  assert.equal(type("62"), "62");
  assert.equal(type("007"), "7");
  assert.equal(type(".5"), "0.5");
  assert.equal(type("1..5"), "1.5");
  assert.equal(type("1.234"), "1.23");
  assert.equal(type("123456789"), "1234567");
  assert.equal(type("62<<7"), "7");
});

test("a signature is one smooth path, and a tap is a dot", () => {
  const stroke: Point[] = [
    { x: 10, y: 10 },
    { x: 20, y: 20.04 },
    { x: 30, y: 10 },
  ];
  assert.equal(pathOf([stroke]), "M10 10Q20 20 25 15L30 10");
  assert.equal(pathOf([[{ x: 1, y: 2 }]]), "M1 2l.1 0");
  assert.equal(pathOf([stroke, [{ x: 1, y: 2 }]]), "M10 10Q20 20 25 15L30 10M1 2l.1 0");
});

test("points too near to be seen are left out", () => {
  assert.equal(isNew([], { x: 0, y: 0 }), true);
  assert.equal(isNew([{ x: 0, y: 0 }], { x: 1, y: 0 }), false);
  assert.equal(isNew([{ x: 0, y: 0 }], { x: 2, y: 0 }), true);
});
