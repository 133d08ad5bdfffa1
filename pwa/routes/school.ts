/** Another school of the same person: the same session, a vault of its own. */
import { type Context, notFound, type Route, redirect } from "../context";
import { Vault } from "../vault";

async function change(c: Context): Promise<Response> {
  const wanted = String((await c.request.formData()).get("school") ?? "");
  const school = c.card.schools.find(({ id }) => id === wanted);
  if (!school) return notFound(c);
  const id = `${c.card.user}.${school.id}`;
  const known = (await c.env.device.cards()).find((card) => card.id === id);
  const used = c.env.now().getTime();
  const { csrf, schools, name, phone, user } = c.card;
  const about = { id, user, name, phone, school: school.id, schoolName: school.name, schools, csrf };
  const card = {
    ...about,
    delivery: known?.delivery ?? null,
    ...(known?.client && { client: known.client }),
    signedIn: true,
    session: c.card.session ?? c.card.signedIn,
    unsent: known?.unsent ?? 0,
    used,
  };
  const { cursor } = await new Vault(card, c.env.device.shelf(id), c.env.now).begin();
  await c.env.device.putCard(card);
  await c.env.device.change({ current: id });
  c.env.sync(true);
  return redirect(c, cursor ? "/app/" : "/app/first");
}

export const school: Route[] = [{ method: "POST", pattern: "/app/school", handle: change }];
