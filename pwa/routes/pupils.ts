/** 学生: the list with its search. */
import { type Context, page, type Route, redirect } from "../context";
import { gradeOf } from "../grades";
import { _ } from "../text";
import type { Snapshot, View } from "../vault";

const MOST = 300;

async function list(c: Context): Promise<Response> {
  return listed(c, "", c.url.searchParams.get("for") ?? "");
}

/** A search names children: it comes in a body, for browsers keep addresses and what forms lead to. */
async function find(c: Context): Promise<Response> {
  const data = await c.request.formData();
  const wanted = String(data.get("for") ?? "");
  if (!c.partial) return redirect(c, `/app/pupils${wanted && `?for=${encodeURIComponent(wanted)}`}`);
  return listed(c, String(data.get("q") ?? "").trim(), wanted);
}

async function listed(c: Context, query: string, wanted: string): Promise<Response> {
  const found = c.snap.views("student").filter((student) => fits(c.snap, student, query));
  const rows = found.sort(byClass).map((student) => ({
    url: wanted
      ? `/app/new/${encodeURIComponent(wanted)}?student=${student.id}`
      : `/app/pupils/${student.id}`,
    name: text(student.fields.name),
    class: text(student.fields.class),
    place: [household(c.snap, student)?.fields.village, household(c.snap, student)?.fields.group]
      .map(text)
      .filter(Boolean)
      .join(" "),
  }));
  const data = {
    q: query,
    wanted,
    classes: grouped(rows.slice(0, MOST)),
    count: rows.length,
    more: Math.max(0, rows.length - MOST),
    empty: c.snap.views("student").length === 0,
  };
  return page(c, c.partial ? "app/_pupils.html" : "app/pupils.html", data);
}

function grouped<T extends { class: string }>(rows: T[]): { name: string; rows: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(row.class, [...(groups.get(row.class) ?? []), row]);
  return [...groups].map(([name, list]) => ({ name: name || _("没有班级"), rows: list }));
}

function byClass(a: View, b: View): number {
  const by = (field: string) =>
    text(a.fields[field]).localeCompare(text(b.fields[field]), "zh-CN", { numeric: true });
  return (
    gradeOf(text(a.fields.class)) - gradeOf(text(b.fields.class)) || by("class") || by("pinyin") || by("name")
  );
}

/** By name, pinyin, its initials, class or village; every word of the query must fit somewhere. */
export function fits(snap: Snapshot, student: View, query: string): boolean {
  const pinyin = plain(text(student.fields.pinyin));
  const initials = pinyin
    .split(/[^a-z]+/)
    .map((word) => word[0] ?? "")
    .join("");
  const joined = pinyin.replace(/[^a-z]/g, "");
  const words = [
    student.fields.name,
    student.fields.class,
    student.fields.grade,
    household(snap, student)?.fields.village,
  ];
  return plain(query)
    .split(/\s+/)
    .filter(Boolean)
    .every((part) => {
      if (words.some((word) => plain(text(word)).includes(part))) return true;
      return (
        /^[a-z]+$/.test(part) &&
        (initials.startsWith(part) ||
          joined.startsWith(part) ||
          pinyin.split(" ").some((word) => word.startsWith(part)))
      );
    });
}

/** Lower case, half width, without tone marks: "lóng" → "long". */
function plain(word: string): string {
  return word.normalize("NFKD").replace(/\p{M}/gu, "").normalize("NFKC").toLowerCase();
}

export function household(snap: Snapshot, student: View): View | undefined {
  return snap.view(text(student.fields.household));
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export const pupils: Route[] = [
  { method: "GET", pattern: "/app/pupils", handle: list },
  { method: "POST", pattern: "/app/pupils", handle: find },
];
