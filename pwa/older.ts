/** What libraries take for granted and Chrome 90 has not yet. Imported before anything else. */

if (!Reflect.has(Array.prototype, "at")) {
  Object.defineProperty(Array.prototype, "at", {
    value(this: unknown[], index: number) {
      return this[index < 0 ? this.length + index : index];
    },
  });
}
