/** 解锁方式: a PIN, a fingerprint, and how long it opens without a contact. */

import { type Context, page, type Route, redirect } from "../context";
import { fromText, random, toText } from "../crypto/bytes";
import { keeperOf } from "../enter";
import { leaseDay } from "../lease";
import { _ } from "../text";

async function show(c: Context): Promise<Response> {
  return shown(c, "", 200);
}

async function shown(c: Context, error: string, status: number): Promise<Response> {
  const locks = await keeperOf(c).of(c.card.user);
  const data = {
    error,
    lease: locks ? leaseDay(locks) : "",
    pin: Boolean(locks?.pin),
    print: Boolean(locks?.wraps.some(({ kind }) => kind === "prf")),
    user: toText(new TextEncoder().encode(c.card.user)),
    name: c.card.name,
    salt: toText(random(32)),
  };
  return page(c, "app/locks.html", data, status);
}

async function pin(c: Context): Promise<Response> {
  const data = await c.request.formData();
  const digits = data.has("drop") ? "" : String(data.get("pin") ?? "").normalize("NFKC");
  if (!data.has("drop") && !/^\d{4,6}$/.test(digits)) return shown(c, _("请填4到6个数字"), 422);
  await keeperOf(c).setPin(c.card.user, digits);
  return redirect(c, "/app/locks");
}

/** What the page has from the fingerprint's credential; without one, the fingerprint opens nothing any more. */
async function print(c: Context): Promise<Response> {
  const data = await c.request.formData();
  const [secret, salt, credential] = ["secret", "salt", "credential"].map((name) =>
    String(data.get(name) ?? ""),
  );
  if (secret && salt && credential) {
    await keeperOf(c).addPrint(c.card.user, fromText(secret), fromText(salt), fromText(credential));
  } else await keeperOf(c).dropPrint(c.card.user);
  return redirect(c, "/app/locks");
}

export const locks: Route[] = [
  { method: "GET", pattern: "/app/locks", handle: show },
  { method: "POST", pattern: "/app/locks/pin", handle: pin },
  { method: "POST", pattern: "/app/locks/print", handle: print },
];
