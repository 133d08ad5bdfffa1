"""Rights: who may see and write what. One module, one table; every read, write, page and push asks here.

A doc carries *tags* (whose class, whose own, the office …), a person *holds* tags by role. Where they meet,
the doc is in scope, with the *view* that the tag gives: which of its fields are shown.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.gateway.models import docs, holds
from server.schools import schools
from server.text import N_
from sync.doc import Doc
from sync.doc import decode as decode_doc


class Role(NamedTuple):
    """Tags that a role holds ("classes" and "buildings" stand for one tag each) and what it may do."""

    tags: tuple[str, ...]
    may: tuple[str, ...]


OFFICE = ("office.review", "office.records", "office.people", "office.duties", "office.settle")
ROSTER = ("write.roster", "write.household", "write.meal")
PUPILS = ("phone.pupils", "write.home_visit", "write.household", "write.problem")
ROLES: dict[str, Role] = {
    "class_teacher": Role(("classes",), (*PUPILS, "write.leave")),  # 班主任
    "teacher": Role((), PUPILS),  # 科任、帮扶责任人、导师: assigned pupils only, by their own tag
    "counsellor": Role((), PUPILS),  # 心理教师
    "grade_lead": Role((), ()),  # 年级组长
    "dorm": Role(("buildings",), ("phone.dorm", "write.night_round", "write.problem")),  # 宿管
    "general_affairs": Role(("meals",), ("phone.meals", "write.meal_audit_a", "write.problem")),  # 总务处
    "committee": Role(("meals",), ("phone.meals", "write.meal_audit_b", "write.problem")),  # 膳食委员
    "parent": Role(("meals",), ("phone.meals", "write.meal_audit_b")),  # 家长委员: no pupil at all
    "office": Role(  # 资助办、德育处(政教处)
        ("office",),
        (*OFFICE, "office.import", *ROSTER, "write.leave", "write.problem", "write.duty"),
    ),
    "principal": Role(("office",), (*OFFICE, "write.problem")),  # 校长、分管副校长
    "admin": Role(  # 学校数据管理员: rosters and accounts, no visit text by virtue of the post
        ("registry",), ("office.import", "office.people", *ROSTER)
    ),
    "township": Role((), ()),
    "county": Role((), ()),
    "server": Role((), ("server",)),  # the server's own hand: effects, imports, the demo
}
ROLE_TITLES = {
    "class_teacher": N_("班主任"),
    "teacher": N_("科任教师"),
    "counsellor": N_("心理教师"),
    "grade_lead": N_("年级组长"),
    "dorm": N_("宿管"),
    "general_affairs": N_("总务处"),
    "committee": N_("膳食委员"),
    "parent": N_("家长委员"),
    "office": N_("资助办"),
    "principal": N_("校长"),
    "admin": N_("学校数据管理员"),
    "township": N_("中心校"),
    "county": N_("县级督导"),
}


class Principal(NamedTuple):
    """A person at one school, as their person doc says now. No roles: revoked."""

    user: str
    name: str
    school: str
    roles: frozenset[str]
    classes: frozenset[str] = frozenset()
    buildings: frozenset[str] = frozenset()

    def may(self, what: str) -> bool:
        """Whether any of the person's roles may do this (`office.review`, `write.home_visit` …)."""
        return any(what in ROLES[role].may for role in self.roles if role in ROLES)

    @property
    def is_server(self) -> bool:
        """Whether this is the server itself."""
        return "server" in self.roles

    def tags(self) -> frozenset[str]:
        """The tags that this person holds."""
        if not self.roles:
            return frozenset()
        held = {"member", f"u:{self.user}"}
        if self.roles - {"parent"}:
            held.add("staff")
        for role in self.roles & ROLES.keys():
            for tag in ROLES[role].tags:
                if tag == "classes":
                    held |= {f"class:{name}" for name in self.classes}
                elif tag == "buildings":
                    held |= {f"building:{b}" for b in self.buildings} or {"dorms"}
                    held.add("beds")
                else:
                    held.add(tag)
        return frozenset(held)


def server_principal(school: str, user: str = "", name: str = "") -> Principal:
    """The server's own hand at a school; `user` is on whose behalf (an importer), shown as the author."""
    return Principal(user, name, school, frozenset({"server"}))


def principal_of(person: Doc, school: str) -> Principal:
    """The principal that a person doc describes."""
    values = person.values()
    return Principal(
        user=person.id,
        name=values.get("name") or "",
        school=school,
        roles=frozenset(values.get("roles", ())) & ROLES.keys() - {"server"},
        classes=frozenset(values.get("classes", ())),
        buildings=frozenset(values.get("buildings", ())),
    )


async def load_principal(conn: AsyncConnection, user_id: str, school_id: str) -> Principal | None:
    """The person at this school, or None where there is none. Someone without roles is returned, revoked."""
    query = select(docs.c.body).where(
        docs.c.school_id == school_id, docs.c.id == user_id, docs.c.kind == "person"
    )
    body = (await conn.execute(query)).scalar_one_or_none()
    return principal_of(decode_doc(body), school_id) if body is not None else None


async def schools_of(conn: AsyncConnection, user_id: str) -> list[dict[str, str]]:
    """The schools where this user has a role: `[{"id", "name"}]`, the longest held first."""
    query = (
        select(schools.c.id, schools.c.name)
        .join(holds, holds.c.school_id == schools.c.id)
        .where(holds.c.user_id == user_id, holds.c.tag == "member", holds.c.removed.is_(None))
        .order_by(holds.c.added, schools.c.id)
    )
    return [dict(row) for row in (await conn.execute(query)).mappings()]


# --- what each view shows ---------------------------------------------------------------------------------

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


# --- who may see a doc ------------------------------------------------------------------------------------

Tags = set[tuple[str, str]]
OFFICE_ALL: Tags = {("office", "all"), ("registry", "all")}


def pupil_tags(student: Doc, view: str = "circle") -> Tags:
    """Tags of everyone who has this pupil: the class teacher and the assigned helpers."""
    values = student.values()
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
    tags: Tags = {("member", "name"), (f"u:{doc.id}", "all"), *OFFICE_ALL}
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
    own: Tags = {(f"u:{who}", "circle") for who in (doc.author, *doc.values().get("visitors", ())) if who}
    if doc.state == "draft":
        return own
    tags = own | {("office", "review")}
    if doc.form.startswith("meal_audit"):
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
    own: Tags = {(f"u:{doc.author}", "all")} if doc.author else set()
    # the audience of its form, not of the draft that it may belong to: who else could decide about it?
    whole = msgspec.structs.replace(about, state="submitted") if about else None
    readable = whole is not None and any(tag == "office" for tag, _ in audience(whole, (), ()))
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


# --- who may write ----------------------------------------------------------------------------------------

REVIEWS = {"return", "approve", "archive", "void"}
WRITERS = {  # kind → what a role must have to create or edit it; visits ask by form, see below
    "person": "office.people",
    "student": "write.roster",
    "building": "write.roster",
    "household": "write.household",
    "meal": "write.meal",
    "leave": "write.leave",
    "problem": "write.problem",
    "duty": "write.duty",
}


def may_create(who: Principal, kind: str, form: str, seen: set[str], meta: dict[str, Any]) -> bool:
    """Whether this person may begin such a doc. `meta`: what it is about, with the `student` of a leave;
    `seen`: which of the docs named there they see or ever saw (a visit of a pupil who has since moved is
    still theirs to deliver)."""
    if who.is_server:
        return True
    if kind == "leave" and not seen & {*_ids(meta.get("student"))}:
        return False
    if kind != "visit":
        return kind in WRITERS and who.may(WRITERS[kind])
    if not who.may(f"write.{form}"):
        return False
    if form == "home_visit":
        return bool(seen & {*_ids(meta.get("students")), *_ids(meta.get("household"))})
    if form == "night_round":
        return meta.get("building") in seen
    return meta.get("meal") in seen


def _ids(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    return {v for v in values if isinstance(v, str)}


def may_edit(who: Principal, doc: Doc) -> bool:
    """Whether this person may change the doc's fields, given that they see it."""
    if who.is_server:
        return True
    if doc.kind in ("visit", "plan"):
        return bool(who.roles) and who.user in {doc.author, *doc.values().get("visitors", ())}
    if doc.kind == "problem":
        own = who.user in {doc.author, doc.values().get("owner")}
        return (own and who.may("write.problem")) or who.may("office.review")
    return doc.kind in WRITERS and who.may(WRITERS[doc.kind])


def may_settle(who: Principal, doc: Doc) -> bool:
    """Whoever may edit the doc, and its reviewers."""
    return may_edit(who, doc) or who.may("office.settle")


def may_raise(who: Principal, doc: Doc, event: str) -> bool:
    """Whether this person may lead the doc on by this event."""
    if who.is_server:
        return True
    if doc.kind == "visit":
        return who.may("office.review") if event in REVIEWS else may_edit(who, doc)
    if doc.kind == "duty":
        own = doc.values().get("assignee") == who.user and bool(who.roles)
        return event in ("postpone", "exempt") and (own or who.may("office.duties"))
    if doc.kind == "held":
        return event in ("release", "close") and who.may("office.review")
    return who.may("office.review") or may_edit(who, doc)
