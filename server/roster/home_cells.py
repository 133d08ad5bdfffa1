"""Where a pupil lives and whom to call: the cells of a roster that make a household."""

import re
from collections.abc import Callable

from server.roster import cells
from server.roster.cells import text
from server.roster.grid import Table
from server.roster.notes import Notes
from server.roster.records import Guardian, Pupil

_ADDRESS = re.compile(
    r"^(?:.*?(?:省|自治区|市|县|区|乡|镇|街道))*(?P<village>[^\s\d]{1,12}?(?:村|社区|居委会|居))"
    r"(?:委会|民委员会)?\s*(?P<group>第?[\d一二三四五六七八九十]+\s*(?:组|社|队|屯|小组|村民小组))?"
)


class Home:
    """Reads the household cells of one table's rows. `doubt` reports a cell, see `pupils.Reader`."""

    def __init__(self, table: Table, notes: Notes, doubt: Callable[..., None]) -> None:
        """One for a table."""
        self.table, self.notes, self.doubt = table, notes, doubt

    def read(self, pupil: Pupil, extra: list[str]) -> None:
        """Address, head of household and guardians of one row; `extra` gathers what belongs into the note."""
        row, columns = pupil.spot[1], self.table.columns
        if "address" in columns or "village" in columns:
            self._address(pupil)
        if "head" in columns:
            pupil.head = cells.name(row.get("head")).name
        if columns.keys() & {"guardian", "phone", "phone2", "father", "mother"}:
            pupil.guardians = self._guardians(pupil, extra)

    def _address(self, pupil: Pupil) -> None:
        row = pupil.spot[1]
        village, group = text(row.get("village")), cells.digits_as_written(row.get("group"))
        group = f"{group}组" if group.isdecimal() else group
        address = re.sub(r"\s+", "", text(row.get("address"))) or f"{village}{group}"
        found = _ADDRESS.match(address)
        pupil.address = address[:200]
        pupil.village = (village or (found.group("village") if found else ""))[:60]
        pupil.group = (group or (found.group("group") or "" if found else ""))[:40]
        if not address:
            self.doubt(pupil, "address" if "address" in self.table.columns else "village", "address_missing")

    def _guardians(self, pupil: Pupil, extra: list[str]) -> list[Guardian]:
        row, columns = pupil.spot[1], self.table.columns
        found = []
        for name_field, phone_field, relation in (
            ("guardian", "phone", cells.name(row.get("relation")).name),
            ("guardian2", "phone2", cells.name(row.get("relation2")).name),
            ("father", "father_phone", "父亲"),
            ("mother", "mother_phone", "母亲"),
        ):
            if not columns.keys() & {name_field, phone_field}:
                continue
            person, number = self._person(row.get(name_field))
            if phone_field in columns:
                number = self._phone(pupil, phone_field, extra)
            if person.doubt:
                self.doubt(pupil, name_field, person.doubt, check=False, remark=person.remark)
                extra.extend([person.remark] if person.remark else [])
            if person.name or number:
                found.append(Guardian(person.name[:30], relation[:20], number))
            if name_field == "guardian" and name_field in columns and not person.name:
                self.doubt(pupil, "guardian", "guardian_missing")
        numbered = any(who.phone for who in found)
        if not numbered and "phone" in columns and not text(row.get("phone")):
            self.doubt(pupil, "phone", "phone_missing")
        return found

    def _person(self, cell: cells.Cell) -> tuple[cells.Name, str]:
        """A guardian's name, and the number where both stand in one cell (`张大 13800000001`)."""
        found = cells.phones(cell) if re.search(r"\d{7}", text(cell)) else cells.Phones()
        if not found.number:
            return cells.name(cell), ""
        self.notes.tidy("phone_text", cell)
        return cells.name(found.remark), found.number

    def _phone(self, pupil: Pupil, field: str, extra: list[str]) -> str:
        cell = pupil.spot[1].get(field)
        found = cells.phones(cell)
        if found.doubt:
            self.doubt(pupil, field, found.doubt, check=found.doubt != "phone_remark", value=found.number)
            more = "、".join([*found.others, *([found.remark] if found.remark else [])])
            extra.extend([f"{self.table.labels[field]}：{more}"] if more else [])
        elif found.number and cell != found.number:
            self.notes.tidy("phone_text", cell)
        return found.number
