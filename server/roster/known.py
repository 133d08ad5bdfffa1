"""What a school knows already: who is who, and what the last import said in each cell."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import server_principal
from server.accounts.models import users
from server.gateway import read
from server.gateway.work import Env, chunks
from server.roster.models import idents, imported

Cells = dict[str, tuple[Any, int]]


@dataclass(slots=True)
class Pupil:
    """A pupil of the school: enough to find them again."""

    id: str
    name: str
    class_: str
    birth: str
    household: str
    boards: bool
    sex: str
    ident: str = ""
    enrolment_no: str = ""
    helpers: frozenset[str] = frozenset()


@dataclass(slots=True)
class Known:
    """The register of one school. `cells` by doc id; what was never imported is not in it."""

    school: str
    pupils: dict[str, Pupil] = field(default_factory=dict)
    by_ident: dict[str, str] = field(default_factory=dict)
    by_enrolment: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, list[str]] = field(default_factory=dict)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)  # id → name, phone
    users: dict[str, str] = field(default_factory=dict)  # phone → id, of this server's accounts
    buildings: dict[str, str] = field(default_factory=dict)  # name → id
    cells: dict[str, Cells] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


async def load(conn: AsyncConnection, env: Env, school: str, phones: Sequence[str]) -> Known:
    """Everything that an import compares with; `phones` are those whose accounts matter."""
    known = Known(school)
    for row in await conn.execute(select(imported).where(imported.c.school_id == school)):
        known.cells[row.doc_id] = msgspec.json.decode(row.cells, type=dict[str, tuple[Any, int]])
        known.kinds[row.doc_id] = row.kind
    numbers = {
        row.student_id: row for row in await conn.execute(select(idents).where(idents.c.school_id == school))
    }
    who = server_principal(school)
    for doc in await read.many(conn, env, who, kind=("student", "person", "building"), limit=200_000):
        if doc.kind == "person":
            known.people[doc.id] = (doc.fields.get("name") or "", doc.fields.get("phone") or "")
        elif doc.kind == "building":
            known.buildings.setdefault(doc.fields.get("name") or "", doc.id)
        else:
            known.pupils[doc.id] = _pupil(doc, numbers.get(doc.id))
    names = defaultdict(list)
    for pupil in known.pupils.values():
        names[pupil.name].append(pupil.id)
        known.by_ident.setdefault(pupil.ident, pupil.id)
        known.by_enrolment.setdefault(pupil.enrolment_no, pupil.id)
    known.by_name = dict(names)
    for part in chunks(phones):
        query = select(users.c.phone, users.c.id).where(users.c.phone.in_(part))
        known.users |= {row.phone: row.id for row in await conn.execute(query)}
    return known


def _pupil(doc: read.VisibleDoc, numbers: Any) -> Pupil:
    values = doc.fields
    return Pupil(
        doc.id,
        values.get("name") or "",
        values.get("class") or "",
        values.get("birth") or "",
        values.get("household") or "",
        bool(values.get("boards")),
        values.get("sex") or "",
        (numbers.ident or "") if numbers else "",
        (numbers.enrolment_no or "") if numbers else "",
        frozenset(values.get("helpers") or ()),
    )
