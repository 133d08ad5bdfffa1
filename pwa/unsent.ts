/**
 * A file with unsent work, for the day a phone can't send by itself: the sealed rows as they lie, so it is made without
 * opening anything, by the worker and by /rescue alike. The office takes it in under the same client and seqs, and what
 * the phone sends later gets the stored results.
 */
import { type OpRow, waits } from "./boxes";
import { isoDay, stamp } from "./clock";
import { toText, utf8 } from "./crypto/bytes";
import { type ServerKey, sealTo } from "./crypto/server";
import { type Card, type Core, passFor } from "./records";
import { _, fmt } from "./text";

/** What one vault has for a file. */
export interface Parcel {
  card: Card;
  server: ServerKey | null;
  rows: OpRow[];
  epoch?: string | null;
}

/** Rows of the vault that still wait for the server, in order. */
export function parcelOf(
  card: Card,
  server: ServerKey | null | undefined,
  rows: OpRow[],
  core?: Core,
): Parcel {
  return {
    card,
    server: server ?? null,
    rows: rows.filter(waits).sort((a, b) => a.n - b.n),
    epoch: core?.epoch,
  };
}

/** How many records the parcel is about, as 待同步 counts them. */
export function records({ rows }: Parcel): number {
  return new Set(rows.map(({ doc }) => doc)).size;
}

/** Whether all of it can go into a file: sealed to a key that is known, and with a pass to prove whose it is. */
export function isReady({ card, server, rows }: Parcel): boolean {
  const client = rows[0]?.client;
  return (
    Boolean(client && passFor(card, client)) &&
    rows.every((row) => row.seal && row.client === client && row.sealKey === server?.id)
  );
}

/** The file's text; null where `isReady` says no. */
export async function fileOf(parcel: Parcel, now: Date): Promise<string | null> {
  const { card, server, rows, epoch } = parcel;
  const client = rows[0]?.client;
  if (!isReady(parcel) || !server || !client || !card.delivery) return null;
  return JSON.stringify({
    format: "zoufang-unsent",
    version: 1,
    school: card.school,
    user: card.user,
    client,
    epoch,
    key: server.id,
    proof: toText(await sealTo(server, client, utf8(card.delivery))),
    made: stamp(now),
    ops: rows.map(({ seq, seal, from }) => ({ seq, sealed: seal && toText(seal), from })),
  });
}

/** "走访没传的-王芳-2026-11-22.zoufang" */
export function fileName({ card }: Parcel, now: Date): string {
  return fmt(_("走访没传的-{name}-{day}.zoufang"), { name: card.name, day: isoDay(now) });
}
