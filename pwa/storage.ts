/** Room on the phone, in words: what is used, whether the browser keeps it, and when there is reason to act. */
import { readDate } from "./clock";
import { holdsPlace, spareWords } from "./spare";
import { _, fmt } from "./text";
import type { Snapshot } from "./vault";

/** In bytes. `kept`: the browser has promised not to clear it away when the phone runs short. */
export interface Space {
  used: number;
  quota: number;
  kept: boolean;
  /** Whether the spare place (spare.ts) is still held. */
  spare: boolean;
}

/** With less than this left, a week's records or a few photos may not fit any more. */
const LOW = 50e6;
/** Chrome says ten gigabytes for each phone: that is no promise, and not repeated. */
const MADE_UP = 10e9;
const LATE_DAYS = 3;
const DAY = 86_400_000;

/** Asks the browser; null where it does not tell. */
export async function space(storage: StorageManager | undefined): Promise<Space | null> {
  const { usage, quota } = (await storage?.estimate?.().catch(() => undefined)) ?? {};
  if (usage === undefined || !quota) return null;
  const kept = (await storage?.persisted?.().catch(() => false)) ?? false;
  return { used: usage, quota, kept, spare: await holdsPlace() };
}

/** What to do before anything is at risk: "" where all is well. */
export function warning(room: Space | null, snap: Snapshot, now: Date): string {
  if (room && !room.spare) return spareWords();
  const left = room ? room.quota - room.used : LOW;
  if (left < LOW) {
    return fmt(_("手机只剩{left}可用。记录都在，请删几个视频或几张照片，再接着填。"), { left: bytes(left) });
  }
  const days = unsentDays(snap, now);
  if (days < LATE_DAYS) return "";
  return fmt(_("有记录{n}天没传上去了。都在本机，请找有信号的地方打开一次。"), { n: days });
}

/** For how many whole days the oldest unsent change has been waiting. */
export function unsentDays(snap: Snapshot, now: Date): number {
  const times = snap.unsent.map(({ op }) => readDate(op.at)?.getTime() ?? now.getTime());
  return Math.floor((now.getTime() - Math.min(now.getTime(), ...times)) / DAY);
}

/** "3MB", "2.1GB": as phones say it. */
export function bytes(n: number): string {
  const mega = Math.max(0, n) / 1e6;
  if (mega >= 1000) return `${(mega / 1000).toFixed(1)}GB`;
  return mega >= 1 ? `${Math.round(mega)}MB` : fmt(_("不到{n}MB"), { n: 1 });
}

/** For 我的: kept or not, what to do, how much is used. */
export function standing(room: Space | null): { kept: boolean; text: string; used: string } {
  if (!room) return { kept: true, text: _("这个浏览器不说存储的情况。"), used: "" };
  const text = room.kept
    ? _("已受保护：手机空间紧张时，也不会清掉这里的记录。")
    : _("手机空间紧张时，可能清掉这里的记录。没传的最怕这个，请点下面。");
  const [used, left] = [bytes(room.used), bytes(room.quota - room.used)];
  const told = room.quota - room.used < MADE_UP;
  const words = told ? fmt(_("已用{used}，还能用{left}"), { used, left }) : fmt(_("已用{used}"), { used });
  return { kept: room.kept, text, used: words };
}
