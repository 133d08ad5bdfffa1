/** Times as people say them. A school's clock is its time zone's; what the phone shows is the phone's own. */
import { _, fmt } from "./text";

const DAY = 86_400_000;

/** "11月20日" */
export function dayText(date: Date): string {
  return fmt(_("{month}月{day}日"), { month: date.getMonth() + 1, day: date.getDate() });
}

/** "14:32" */
export function timeText(date: Date): string {
  return `${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
}

export function weekdayText(date: Date): string {
  const names = [_("星期日"), _("星期一"), _("星期二"), _("星期三"), _("星期四"), _("星期五"), _("星期六")];
  return names[date.getDay()] ?? "";
}

/** Whole days from `from` to `to` by the calendar: today to tomorrow is 1 whatever the hour. */
export function daysBetween(from: Date, to: Date): number {
  const a = Date.UTC(from.getFullYear(), from.getMonth(), from.getDate());
  const b = Date.UTC(to.getFullYear(), to.getMonth(), to.getDate());
  return Math.round((b - a) / DAY);
}

/** "今天 14:32", "昨天 9:05", "11月6日", "2025年3月1日" */
export function whenText(date: Date, now: Date): string {
  const days = daysBetween(date, now);
  if (days === 0) return fmt(_("今天 {time}"), { time: timeText(date) });
  if (days === 1) return fmt(_("昨天 {time}"), { time: timeText(date) });
  if (date.getFullYear() === now.getFullYear()) return dayText(date);
  return fmt(_("{year}年{date}"), { year: date.getFullYear(), date: dayText(date) });
}

/** The date of an ISO string: a day alone ("2026-11-20") is that day here, not midnight in London. */
export function readDate(text: unknown): Date | null {
  if (typeof text !== "string" || !text) return null;
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  const date = day ? new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3])) : new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** "2026-11-20" by this phone's calendar. */
export function isoDay(date: Date): string {
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

/** ISO 8601 with this phone's offset, as ops carry it: "2026-11-20T16:40:02+08:00". */
export function stamp(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const sign = minutes < 0 ? "-" : "+";
  const two = (n: number) => String(Math.trunc(Math.abs(n))).padStart(2, "0");
  return `${local}${sign}${two(minutes / 60)}:${two(minutes % 60)}`;
}
