/**
 * Words for people, twin of server/text.py: Chinese is the source language and the key of the catalogue.
 * A catalogue is a plain map from Chinese to the other language; none is loaded for Chinese.
 */

let catalogue: Record<string, string> = {};
let tag = "zh-CN";

/** The text in the language now in use; the Chinese itself where there is no translation. */
export function _(text: string): string {
  return catalogue[text] || text;
}

/** Replaces each `{name}` by its value; a name without a value stays as it is. */
export function fmt(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The language now in use, as the `lang` attribute says it. */
export function language(): string {
  return tag;
}

/** Speaks another language from now on. */
export function useCatalogue(lang: string, entries: Record<string, string>): void {
  tag = lang;
  catalogue = entries;
}
