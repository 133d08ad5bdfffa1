/** What a meal audit shows of its meal: the menu, lines prepared for each dish, and part A's count beside one's own. */
import type { Context } from "./context";
import type { Target } from "./filling";
import type { Json } from "./protocol";
import { _, fmt } from "./text";
import type { View } from "./vault";

/** Lists that have a line for each dish: three of part B, one of part A. */
const BY_DISH = ["temp", "portion", "sample", "menu"];

export function dishesOf(meal: View | undefined): string[] {
  const items = Object.entries(meal?.fields ?? {}).filter(([path]) => path.startsWith("dishes/"));
  const names = items.map(([, item]) => String((item as { name?: Json } | null)?.name ?? ""));
  return [...new Set(names.filter(Boolean))];
}

/** A line for each dish that has none yet: path → what it begins with. The ids are the same on each of one's devices. */
export function mealFresh(c: Context, target: Target): Record<string, { [key: string]: Json }> {
  const dishes = dishesOf(c.snap.view(String(target.meta.meal ?? "")));
  const found: Record<string, { [key: string]: Json }> = {};
  for (const [n, list] of BY_DISH.entries()) {
    if (!target.form.questions.some(({ name }) => name === list)) continue;
    const items = Object.entries(target.view?.fields ?? {}).filter(([path]) => path.startsWith(`${list}/`));
    const told = items.map(([, item]) => String((item as { dish?: Json } | null)?.dish ?? ""));
    for (const [i, dish] of dishes.entries()) {
      if (!told.includes(dish)) found[`${list}/${derived(target.id, n * 100 + i)}`] = { dish };
    }
  }
  return found;
}

/** An id for the nth prepared line of a record. */
function derived(id: string, n: number): string {
  return id.slice(0, 24) + (n + 1).toString(16).padStart(12, "0");
}

/** Whether a line was prepared for a dish rather than added. */
export function isPrepared(id: string, path: string): boolean {
  return (path.split("/")[1] ?? "").startsWith(id.slice(0, 24));
}

/** The menu beside its questions, and the gap between what was reported and what was counted. */
export function mealNotes(c: Context, target: Target, section: string): { meal: object | null } {
  const meal = c.snap.view(String(target.meta.meal ?? ""));
  if (!meal || section !== "menu") return { meal: null };
  const price = meal.fields.price ?? meal.fields.standard;
  return {
    meal: {
      dishes: dishesOf(meal).join("、"),
      price: price === undefined ? "" : fmt(_("{n}元"), { n: String(price) }),
      entitled:
        meal.fields.entitled === undefined ? "" : fmt(_("{n}人"), { n: String(meal.fields.entitled) }),
      ...gap(c, target),
    },
  };
}

/** A finding only above five people and three in a hundred, and only where everybody was counted. */
export function isFinding(claimed: number, counted: number): boolean {
  return Math.abs(claimed - counted) > Math.max(5, claimed * 0.03);
}

function gap(c: Context, target: Target): { gap: string; gap_hot: boolean } {
  const partA = c.snap
    .views("visit")
    .find(
      (view) => view.form === "meal_audit_a" && view.meta.meal === target.meta.meal && view.state !== "void",
    );
  const claimed = partA?.fields.served ?? partA?.fields.eaters;
  const counted = target.view?.fields.seen_count;
  if (target.form.name !== "meal_audit_b" || typeof claimed !== "number" || typeof counted !== "number") {
    return { gap: "", gap_hot: false };
  }
  if (target.view?.fields.counted === "part")
    return { gap: _("您点的是一部分，不和上报人数比。"), gap_hot: false };
  const words = { claimed, counted, n: Math.abs(claimed - counted) };
  if (claimed === counted) return { gap: fmt(_("总务处报{claimed}，和您点的一样。"), words), gap_hot: false };
  return {
    gap: fmt(_("总务处报{claimed}，您点了{counted}，差{n}。两个数都留着。"), words),
    gap_hot: isFinding(claimed, counted),
  };
}
