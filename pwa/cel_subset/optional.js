/** Stands in for cel-js's own `optional.js`: the subset has no optional values. */
export class Optional {}
export const OPTIONAL_NONE = new Optional();
export function toggleOptionalTypes() {}
export function register() {}
