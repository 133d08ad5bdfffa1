/**
 * Stands in for cel-js's own `functions.js` (see celSubset in pwa/plugins.mjs): of CEL's standard library the forms may
 * use three methods of texts. Dates, bytes, unsigned numbers and conversions would be a tenth of all that the worker weighs.
 */
const SYNC = { async: false };

/** Named by the engine's tables; an expression of the subset never makes one. */
export class UnsignedInt {}
export class Duration {}

export function registerFunctions(registry) {
  registry.registerType("google.protobuf.Timestamp", Date);
  registry.registerType("google.protobuf.Duration", Duration);
  const add = (signature, handler) => registry.registerFunctionOverload(signature, handler, SYNC);
  add("string.startsWith(string): bool", (text, part) => text.startsWith(part));
  add("string.endsWith(string): bool", (text, part) => text.endsWith(part));
  add("string.contains(string): bool", (text, part) => text.includes(part));
}
