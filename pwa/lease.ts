/** How the lease of a vault's key is spoken of. */
import { dayText } from "./clock";
import type { Locks } from "./locks";
import { _, fmt } from "./text";

const DAY = 86_400_000;
/** From so many days before its end on, the lease is spoken of. */
const SOON = 3;

/** What is said when the lease is about to end; "" before that. */
export function leaseWords(locks: Locks | undefined, now: number): string {
  if (!locks?.share || daysLeft(locks, now) > SOON) return "";
  if (daysLeft(locks, now) === 0) return _("今天要连一次网，不然明天打不开。记录不会丢。");
  return `${leaseDay(locks)}${_("记录不会丢。")}`;
}

/** The last day on which a contact is in time: the one before, where the lease ends before noon. */
export function leaseDay({ until }: Pick<Locks, "until">): string {
  const date = dayText(new Date(until - DAY / 2));
  return fmt(_("最晚{date}要连一次网，不然打不开。连一次，重新算起。"), { date });
}

/** Whole days until the vault needs a contact; 0 on the last. */
export function daysLeft(locks: Pick<Locks, "until">, now: number): number {
  return Math.max(0, Math.floor((locks.until - now) / DAY));
}
