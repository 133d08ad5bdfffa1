"""What the readers make of rows: plain records. A field that is None had no column or could not be read."""

from dataclasses import dataclass, field

from server.roster.grid import Row, Table

Spot = tuple[Table, Row]


@dataclass(slots=True)
class Guardian:
    """Someone to call: name, relation to the pupil, number."""

    name: str = ""
    relation: str = ""
    phone: str = ""


@dataclass(slots=True)
class Pupil:
    """One pupil of a roster. `ident` is whole here and leaves the server's own table as four digits only."""

    spot: Spot
    name: str
    ident: str = ""
    ident_doubt: str = ""
    sex: str | None = None
    ethnic: str | None = None
    birth: str | None = None
    enrolment_no: str | None = None
    grade: str | None = None
    class_: str | None = None
    boards: bool | None = None
    left_behind: bool | None = None
    category: str | None = None
    since: str | None = None
    disability: str | None = None
    alert: str | None = None
    note: str | None = None
    address: str | None = None
    village: str | None = None
    group: str | None = None
    head: str | None = None
    guardians: list[Guardian] | None = None
    building: str | None = None
    room: str | None = None
    bed: str | None = None
    to_check: set[str] = field(default_factory=set)

    @property
    def phone(self) -> str:
        """The number that the household is known by."""
        return next((who.phone for who in self.guardians or [] if who.phone), "")


@dataclass(slots=True)
class Bed:
    """One bed of a dormitory sheet; `name` is '' for an empty one."""

    spot: Spot
    building: str
    room: str
    bed: str
    name: str = ""
    ident: str = ""
    class_: str = ""
    leader: bool = False


@dataclass(slots=True)
class Person:
    """One of the staff, or a parent on the committee."""

    spot: Spot
    name: str
    phone: str = ""
    post: str = ""
    roles: set[str] = field(default_factory=set)
    classes: list[str] = field(default_factory=list)
    buildings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Pair:
    """A helper and a pupil (结对帮扶)."""

    spot: Spot
    helper: str
    helper_phone: str
    name: str
    ident: str = ""
    class_: str = ""


@dataclass(slots=True)
class Ingredient:
    """A food with its amount for one pupil; `unit` is g, ml, kg …"""

    name: str
    amount: float | None = None
    unit: str = ""
    dish: str = ""


@dataclass(slots=True)
class Meal:
    """One meal of a menu: `date` is ISO, `sort` breakfast, lunch, dinner or snack, `price` in yuan a head."""

    spot: Spot
    date: str
    sort: str
    dishes: list[str] = field(default_factory=list)
    ingredients: list[Ingredient] = field(default_factory=list)
    price: float | None = None
    entitled: int | None = None
    standard: float | None = None
