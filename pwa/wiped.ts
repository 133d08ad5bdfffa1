/**
 * A vault's card without its shelf: the browser made room, or somebody cleared it. Nothing of before is believed then,
 * no cursor and no client; it begins afresh, and says what happened.
 */
import { whenText } from "./clock";
import type { Card } from "./records";
import type { Device } from "./store";
import { _, fmt } from "./text";

/** Whether the shelf is gone; notes it on the card. The pass for unsent work was for a client that is no more. */
export async function noticeWiped(device: Device, card: Card, now: Date): Promise<boolean> {
  if ((await device.shelf(card.id).load()) !== null) return false;
  const before = card.wiped ?? { at: now.getTime(), unsent: card.unsent };
  await device.changeCard(card.id, { wiped: before, unsent: 0, delivery: null });
  return true;
}

/** What to tell the person; "" where nothing happened, or it was read. */
export function wipedWords({ wiped }: Card, now: Date): string {
  if (!wiped) return "";
  const when = whenText(new Date(wiped.at), now);
  const what = fmt(_("{when}发现这里的数据被清掉了，多半是手机腾空间或清了浏览数据。"), { when });
  const rest =
    wiped.unsent > 0
      ? fmt(_("学校有的都重新放进来了；当时还有{n}条没传，请对一下，少的要补记。"), { n: wiped.unsent })
      : _("手机上记着的都已经传上去了，学校有的都重新放进来了。");
  return what + rest;
}
