/** 导出没传的记录: a sealed file for each vault of this phone, from 我的 and from the lock screen, locked or not. */
import { type OpenContext, open, page, type Route } from "../context";
import { _, fmt } from "../text";
import { fileName, fileOf, isReady, type Parcel, parcelOf, records } from "../unsent";

async function parcels(c: OpenContext): Promise<Parcel[]> {
  const { device } = c.env;
  const found: Parcel[] = [];
  for (const card of await device.cards()) {
    const locks = await device.locks(card.user);
    const shelf = device.shelf(card.id);
    found.push(parcelOf(card, locks?.server, await shelf.opRows(), await shelf.core()));
  }
  return found.filter(({ rows }) => rows.length > 0);
}

async function list(c: OpenContext): Promise<Response> {
  const found = await parcels(c);
  const from = c.url.searchParams.get("back") ?? "";
  return page(c, "app/export.html", {
    back: /^(unlock|signin)$/.test(from) ? `/app/${from}` : "/app/me",
    vaults: found.map((parcel) => ({
      name: parcel.card.name,
      school: parcel.card.schoolName,
      text: fmt(_("{n}条没传"), { n: records(parcel) }),
      url: isReady(parcel) ? `/app/export/${encodeURIComponent(parcel.card.id)}` : "",
    })),
  });
}

async function file(c: OpenContext): Promise<Response> {
  const parcel = (await parcels(c)).find(({ card }) => card.id === c.params.card);
  const text = parcel && (await fileOf(parcel, c.env.now()));
  if (!parcel || !text) return list(c);
  const name = encodeURIComponent(fileName(parcel, c.env.now()));
  return new Response(text, {
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename="zoufang.zoufang"; filename*=UTF-8''${name}`,
      "Cache-Control": "no-store",
    },
  });
}

export const exporting: Route[] = [
  { method: "GET", pattern: "/app/export", handle: open(list) },
  { method: "GET", pattern: "/app/export/:card", handle: open(file) },
];
