/** 营养餐审核: part A by general affairs, part B by each member, both about one of the day's meals. */
import { dayText, isoDay, readDate } from "../clock";
import { type Context, page, redirect } from "../context";
import { newId } from "../filling";
import { isMine } from "../me";
import { dishesOf } from "../mealview";
import { _, fmt } from "../text";
import type { View } from "../vault";
import { mealWord } from "../words";

/** Opens one's own part of the audit of a meal, the one begun already if there is one; asks which meal if it is not clear. */
export async function openMeal(c: Context, form: string): Promise<Response> {
  const day = isoDay(c.env.now());
  const today = c.snap.views("meal").filter(({ fields }) => fields.date === day);
  const wanted = c.url.searchParams.get("meal") ?? (today.length === 1 ? today[0]?.id : undefined);
  if (!wanted) return page(c, "app/meals.html", { rows: choices(c, form, today) });
  const own = c.snap
    .views("visit")
    .find((view) => view.form === form && view.meta.meal === wanted && isMine(view, c.me));
  if (own)
    return redirect(
      c,
      own.state === "draft" || own.state === "returned" ? `/app/fill/${own.id}` : `/app/records/${own.id}`,
    );
  return redirect(c, `/app/fill/${newId(c)}?form=${form}&meal=${encodeURIComponent(wanted)}`);
}

const SHOWN = 10;

/** Today's meals, or the latest ones when none is served today. */
function choices(c: Context, form: string, today: View[]): object[] {
  const all = c.snap.views("meal").sort((a, b) => String(b.fields.date).localeCompare(String(a.fields.date)));
  return (today.length > 0 ? today : all.slice(0, SHOWN)).map((meal) => {
    const date = readDate(meal.fields.date);
    const words = { date: date ? dayText(date) : "", sort: mealWord(meal.fields.sort) };
    return {
      url: `/app/new/${form}?meal=${meal.id}`,
      name: fmt(_("{date} {sort}"), words),
      sub: dishesOf(meal).join("、"),
    };
  });
}
