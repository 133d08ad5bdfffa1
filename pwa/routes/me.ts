/** 我的: who is signed in, how the screen looks, this phone and its version. */
import { type Context, type OpenContext, open, page, type Route, redirect } from "../context";
import type { Settings } from "../records";
import { standing } from "../storage";
import { _, fmt } from "../text";

const SIZES: { name: Settings["text"]; text: () => string }[] = [
  { name: "100", text: () => _("标准") },
  { name: "125", text: () => _("大") },
  { name: "150", text: () => _("更大") },
  { name: "200", text: () => _("最大") },
];
const THEMES: { name: Settings["theme"]; text: () => string }[] = [
  { name: "auto", text: () => _("跟随手机") },
  { name: "light", text: () => _("明亮") },
  { name: "dark", text: () => _("深色") },
  { name: "sun", text: () => _("阳光") },
];

async function show(c: Context): Promise<Response> {
  const unsent = c.snap.unsentDocs.length;
  return page(c, "app/me.html", {
    name: c.me.name,
    phone: c.card.phone,
    school: c.card.schoolName,
    posts: [...roleWords(c.me.roles), ...c.me.classes.slice().sort()].join(" "),
    unsent_text: unsent > 0 ? fmt(_("{n}条待同步，都在本机"), { n: unsent }) : _("都已经传上去了"),
    sizes: SIZES.map(({ name, text }) => ({ name, text: text(), on: name === c.settings.text })),
    themes: THEMES.map(({ name, text }) => ({ name, text: text(), on: name === c.settings.theme })),
    room: standing((await c.env.space?.()) ?? null),
    version: c.env.version,
    back: "/app/me",
    others: c.card.schools.filter(({ id }) => id !== c.card.school),
  });
}

function roleWords(roles: string[]): string[] {
  const words: Record<string, string> = {
    class_teacher: _("班主任"),
    teacher: _("科任教师"),
    counsellor: _("心理教师"),
    grade_lead: _("年级组长"),
    dorm: _("宿管"),
    general_affairs: _("总务处"),
    committee: _("膳食委员"),
    parent: _("家长委员"),
    office: _("资助办"),
    principal: _("校长"),
    admin: _("学校数据管理员"),
    township: _("中心校"),
    county: _("县级督导"),
  };
  return roles.map((role) => words[role] ?? "").filter(Boolean);
}

/** Text size and theme; before signing in too. Without a value it goes on to the next one. */
async function look(c: OpenContext): Promise<Response> {
  const data = await c.request.formData();
  const wanted: Partial<Settings> = {};
  const text = data.get("text");
  const theme = data.get("theme");
  if (text === "next") wanted.text = after(SIZES, c.settings.text);
  else if (SIZES.some(({ name }) => name === text)) wanted.text = text as Settings["text"];
  if (theme === "sun-toggle") wanted.theme = c.settings.theme === "sun" ? "auto" : "sun";
  else if (THEMES.some(({ name }) => name === theme)) wanted.theme = theme as Settings["theme"];
  await c.env.device.change(wanted);
  const back = String(data.get("back") ?? "");
  return redirect(c, back.startsWith("/app/") ? back : "/app/me");
}

function after<T>(list: { name: T }[], now: T): T {
  const next = list[(list.findIndex(({ name }) => name === now) + 1) % list.length];
  return next ? next.name : now;
}

export const me: Route[] = [
  { method: "GET", pattern: "/app/me", handle: show },
  { method: "POST", pattern: "/app/look", handle: open(look) },
];
