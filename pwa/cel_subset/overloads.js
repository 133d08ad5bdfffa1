/**
 * Stands in for cel-js's own `overloads.js`: the operators of the types that the subset has (texts, numbers, yes and no,
 * lists of them), each doing what the original does.
 */
const RELATIONS = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
const ARITHMETIC = { "*": (a, b) => a * b, "+": (a, b) => a + b, "-": (a, b) => a - b };
const ORDERED = ["bool bool", "int int", "double double", "string string", "int double", "double int"];

export function registerOverloads(registry) {
  const unary = (sign, type, handler) => registry.unaryOverload(sign, type, handler, undefined, false);
  const binary = (left, sign, right, handler) =>
    registry.binaryOverload(left, sign, right, handler, undefined, false);

  unary("!", "bool", (a) => !a);
  for (const type of ["int", "double"]) {
    unary("-", type, (a) => -a);
    for (const [sign, handler] of Object.entries(ARITHMETIC)) binary(type, sign, type, handler);
  }
  binary("double", "/", "double", (a, b) => a / b);
  binary("string", "+", "string", (a, b) => a + b);
  for (const type of ["type", "null", "bool", "string", "int", "double"])
    binary(type, "==", type, (a, b) => a === b);
  // biome-ignore lint/suspicious/noDoubleEquals: an int of the engine is a BigInt, a double is not
  binary("dyn<int>", "==", "double", (a, b) => a == b);
  binary(
    "list<V>",
    "==",
    "list<V>",
    (a, b) => a.length === b.length && a.every((value, i) => same(value, b[i])),
  );
  binary("V", "in", "list<V>", (value, list) => list.some((one) => same(value, one)));
  binary("K", "in", "map<K, V>", (key, map) => Object.hasOwn(map, key) && map[key] !== undefined);
  for (const [left, right] of ORDERED.map((pair) => pair.split(" "))) {
    for (const [sign, handler] of Object.entries(RELATIONS)) binary(left, sign, right, handler);
  }
}

/** Of plain values: a number is the same whether the engine has it as an int or a double. */
function same(a, b) {
  const kinds = `${typeof a} ${typeof b}`;
  // biome-ignore lint/suspicious/noDoubleEquals: as above
  return a === b || ((kinds === "bigint number" || kinds === "number bigint") && a == b);
}
