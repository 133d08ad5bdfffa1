/** Who is using the phone, what that role sees, and what waits for this person. */
import { heldElsewhere } from "./held";
import type { Card } from "./records";
import type { Snapshot, View } from "./vault";

export interface Me {
  id: string;
  name: string;
  roles: string[];
  classes: string[];
  buildings: string[];
  /** What screens there are: pupils to look up, visits to make, rounds, meals. */
  sees: { pupils: boolean; visits: boolean; dorm: boolean; meals: boolean };
}

const WHO_VISIT = ["class_teacher", "teacher", "counsellor"];
const OFFICE = ["office", "principal", "admin"];
const WITH_MEALS = ["committee", "parent", "general_affairs"];

/** The signed-in person, as the pulled `person` doc says. */
export function whoIs(snap: Snapshot, card: Card): Me {
  const person = snap.view(card.user);
  const roles = list(person, "roles");
  const any = (wanted: string[]) => roles.some((role) => wanted.includes(role));
  return {
    id: card.user,
    name: String(person?.fields.name ?? card.name),
    roles,
    classes: list(person, "classes"),
    buildings: list(person, "buildings"),
    sees: {
      pupils: any([...WHO_VISIT, ...OFFICE]),
      visits: any(WHO_VISIT),
      dorm: any(["dorm"]),
      meals: any(WITH_MEALS),
    },
  };
}

function list(view: View | undefined, field: string): string[] {
  const value = view?.fields[field];
  return Array.isArray(value) ? (value as string[]) : [];
}

/** Whether this person made the record or took part in it. */
export function isMine(view: View, me: Me): boolean {
  const visitors = view.fields.visitors;
  return (
    !view.meta.author || view.meta.author === me.id || (Array.isArray(visitors) && visitors.includes(me.id))
  );
}

/** What needs this person: returned, disagreeing or not taken. */
export function apart(snap: Snapshot, me: Me): View[] {
  const own = snap.views("visit").filter((view) => isMine(view, me) && (needs(view) ?? "") !== "");
  return [...own, ...heldElsewhere(snap, me.id)];
}

/** Why a record needs its author, or null. */
export function needs(view: View): "held" | "conflict" | "returned" | null {
  if (view.held.length > 0) return "held";
  if (Object.keys(view.siblings).length > 0) return "conflict";
  if (view.state === "returned" && !view.pending.some(({ op }) => op.event === "submit")) return "returned";
  return null;
}

/** Where a record stands, as its pill says. */
export function standing(
  view: View,
): "draft" | "phone" | "sent" | "returned" | "approved" | "archived" | "void" | "held" {
  if (view.held.length > 0 || (view.base === 0 && view.closed.length > 0)) return "held";
  if (view.state === "draft" || !view.state) return "draft";
  if (view.state === "returned") return "returned";
  if (view.pending.length > 0) return "phone";
  return view.state === "submitted" ? "sent" : (view.state as "approved" | "archived" | "void");
}
