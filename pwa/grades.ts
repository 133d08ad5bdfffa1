const NUMERALS = "一二三四五六七八九";

/** Where a class stands by the numeral its name begins with (三(2)班 is 2), which no collation puts in order. */
export function gradeOf(name: string): number {
  return NUMERALS.indexOf(name[0] ?? "");
}
