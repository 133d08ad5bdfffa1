"""Who may see a doc, as tags, and which of its fields each view shows."""

from collections.abc import Iterable
from typing import Any

import msgspec

from sync.doc import Doc

VIEW_SEES = {
    "circle": frozenset("T O D M all".split()),  # author, co-visitors, class teacher, helper: sealed too
    "review": frozenset("T O D M all".split()),  # the office: all but what is sealed
    "O": frozenset("O all".split()),
    "D": frozenset("D all".split()),
    "M": frozenset("M all".split()),
}
VIEW_FIELDS = {
    "name": frozenset({"name", "post"}),  # colleagues
    "contact": frozenset(
        {"name", "post", "phone", "roles", "classes"}
    ),  # whom to call when a child is missing
    "call": frozenset({"guardians"}),  # a boarder's guardians, for whoever counts the beds
    "dorm": frozenset("name pinyin sex grade class household boards room bed alert".split()),
    "envelope": frozenset({"code", "state", "note"}),  # a held op whose content its reader may not see
}


def shows(view: str, question: Any, path: str) -> bool:
    """Whether a view shows the field at this path. `question` is a sync.forms.Question."""
    if view == "all":
        return True
    if view in VIEW_FIELDS:
        return path.split("/", 1)[0] in VIEW_FIELDS[view]
    if question is None or (question.sealed and view != "circle"):
        return False
    return question.sees in VIEW_SEES[view]


Tags = set[tuple[str, str]]
OFFICE_ALL: Tags = {("office", "all"), ("registry", "all")}


def _own(who: str | None, view: str) -> Tags:
    """A person's own tags, of docs that a parent may have: none of these is about a pupil."""
    return {(f"u:{who}", view), (f"p:{who}", view)} if who else set()


def pupil_tags(student: Doc, view: str = "circle") -> Tags:
    """Tags of everyone who has this pupil: the class teacher and the assigned helpers."""
    values = student.some("helpers", "class")
    tags: Tags = {(f"u:{helper}", view) for helper in values.get("helpers", ())}
    if values.get("class"):
        tags.add((f"class:{values['class']}", view))
    return tags


def audience(doc: Doc, students: Iterable[Doc], buildings: Iterable[str], about: Doc | None = None) -> Tags:
    """The tags of a doc.

    `students`: the pupils it is about; `buildings`: ids of those they sleep in; `about`: for a held op, the
    doc that it wanted to change.
    """
    make = _AUDIENCES.get(doc.kind)
    return make(doc, list(students), list(buildings), about) if make else set()


def _person(doc: Doc, *_: Any) -> Tags:
    tags: Tags = {("member", "name"), *_own(doc.id, "all"), *OFFICE_ALL}
    roles = set(doc.values().get("roles", ()))
    if "principal" in roles:
        tags.add(("staff", "contact"))
    if "class_teacher" in roles:
        tags.add(("beds", "contact"))
    return tags


def _student(doc: Doc, _students: list[Doc], buildings: list[str], _about: Doc | None) -> Tags:
    tags = pupil_tags(doc, "all") | OFFICE_ALL
    if doc.values().get("boards"):
        tags |= _beds(buildings, "dorm")
    return tags


def _beds(buildings: list[str], view: str) -> Tags:
    """Tags of whoever counts the beds of these buildings."""
    return {("dorms", view), *((f"building:{b}", view) for b in buildings)}


def _household(doc: Doc, students: list[Doc], buildings: list[str], _about: Doc | None) -> Tags:
    tags = OFFICE_ALL.union(*(pupil_tags(s, "all") for s in students))
    if doc.author:
        tags.add((f"u:{doc.author}", "all"))
    if any(s.values().get("boards") for s in students):
        tags |= _beds(buildings, "call")
    return tags


def _building(doc: Doc, *_: Any) -> Tags:
    return _beds([doc.id], "all") | OFFICE_ALL


def _meal(*_: Any) -> Tags:
    return {("meals", "all"), *OFFICE_ALL}


def _duty(doc: Doc, *_: Any) -> Tags:
    assignee = doc.values().get("assignee")
    return {("office", "all"), *({(f"u:{assignee}", "all")} if assignee else set())}


def _leave(_doc: Doc, students: list[Doc], buildings: list[str], _about: Doc | None) -> Tags:
    return {("office", "all"), *_beds(buildings, "all")}.union(*(pupil_tags(s, "all") for s in students))


def _visit(doc: Doc, students: list[Doc], *_: Any) -> Tags:
    people = [who for who in (doc.author, *doc.some("visitors").get("visitors", ())) if who]
    of_meal = doc.form.startswith("meal_audit")
    own: Tags = {(f"u:{who}", "circle") for who in people}
    if of_meal:
        own = own.union(*(_own(who, "circle") for who in people))
    if doc.state == "draft":
        return own
    tags = own | {("office", "review")}
    if of_meal:
        return tags | {("meals", "M")}
    if doc.form == "night_round":
        building = doc.meta.get("building")
        return tags | {("dorms", "D"), *({(f"building:{building}", "D")} if building else set())}
    return tags.union(*(pupil_tags(s) for s in students))


def _problem(doc: Doc, students: list[Doc], *_: Any) -> Tags:
    owner = doc.values().get("owner")
    own: Tags = {(f"u:{who}", "circle") for who in (doc.author, owner) if who}
    return own.union({("office", "review")}, *(pupil_tags(s) for s in students))


def _held(doc: Doc, _students: list[Doc], _buildings: list[str], about: Doc | None) -> Tags:
    own = _own(doc.author, "all")
    # the audience of its form, not of the draft that it may belong to: who else could decide about it?
    whole = msgspec.structs.replace(about, state="submitted") if about else None
    readable = whole is not None and any(tag == "office" for tag, _ in audience(whole, (), ()))
    readable = readable or "erased" in (doc.values().get("params") or {})  # there is nothing left to read
    return own | {("office", "review" if readable else "envelope")}


def _form(*_: Any) -> Tags:
    return {("member", "all")}


_AUDIENCES = {
    "person": _person,
    "student": _student,
    "household": _household,
    "building": _building,
    "meal": _meal,
    "duty": _duty,
    "leave": _leave,
    "visit": _visit,
    "problem": _problem,
    "plan": _problem,
    "held": _held,
    "form": _form,
}
