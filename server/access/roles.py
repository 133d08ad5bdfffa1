"""Roles (岗位): the tags that each holds, what each may do, and who somebody is at a school."""

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.gateway.models import docs, holds
from server.prepared import run
from server.schools import schools
from server.text import N_
from sync.doc import Doc
from sync.doc import decode as decode_doc


class Role(NamedTuple):
    """Tags that a role holds ("classes" and "buildings" stand for one tag each) and what it may do."""

    tags: tuple[str, ...]
    may: tuple[str, ...]


UNSENT = "office.unsent"
OFFICE = ("office.review", "office.records", "office.people", "office.duties", "office.settle", UNSENT)
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
    "principal": Role(("office",), (*OFFICE, "people.roles", "write.problem")),  # 校长、分管副校长
    "admin": Role(  # 学校数据管理员: rosters and accounts, no visit text by virtue of the post
        ("registry",), ("office.import", "office.people", UNSENT, *ROSTER)
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
        if self.roles == {"parent"}:
            held = {"member", f"p:{self.user}"}  # nothing about a pupil is ever tagged so
        else:
            held = {"member", f"u:{self.user}", "staff"}
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


# Asked with every request: made once, as building a statement costs more than running it.
_PERSON = select(docs.c.body).where(
    docs.c.school_id == bindparam("school"), docs.c.id == bindparam("user"), docs.c.kind == "person"
)
_SCHOOLS = (
    select(schools.c.id, schools.c.name)
    .join(holds, holds.c.school_id == schools.c.id)
    .where(holds.c.user_id == bindparam("user"), holds.c.tag == "member", holds.c.removed.is_(None))
    .order_by(holds.c.added, schools.c.id)
)


async def load_principal(conn: AsyncConnection, user_id: str, school_id: str) -> Principal | None:
    """The person at this school, or None where there is none. Someone without roles is returned, revoked."""
    found = await run(conn, _PERSON, {"school": school_id, "user": user_id})
    return principal_of(decode_doc(found[0].body), school_id) if found else None


async def schools_of(conn: AsyncConnection, user_id: str) -> list[dict[str, str]]:
    """The schools where this user has a role: `[{"id", "name"}]`, the longest held first."""
    rows = await run(conn, _SCHOOLS, {"user": user_id})
    return [{"id": row.id, "name": row.name} for row in rows]
