"""Puts names to ids: which pupil, person or building a row means, here or in the register."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from server.db import new_id
from server.roster import beds, homes, pairing
from server.roster.book import Book
from server.roster.idents import ident as read_ident
from server.roster.known import Known
from server.roster.records import Meal, Person, Pupil
from server.roster.spelling import pinyin
from server.roster.wanted import Wanted
from sync.ids import derived, meal_id

_PUPIL_CELLS = {"pinyin": "name", "ident_last4": "ident", "household": ""}
_PUPIL_FIELDS = (
    "name sex ethnic birth enrolment_no grade boards left_behind category since disability alert note".split()
)


@dataclass(slots=True)
class Linked:
    """Docs as the workbooks want them, the accounts they need, and who is known but stands in no row."""

    wanted: list[Wanted] = field(default_factory=list)
    accounts: list[tuple[str, str, str]] = field(default_factory=list)  # id, phone, name
    numbers: list[tuple[str, str, str]] = field(default_factory=list)  # pupil, ident, enrolment number
    idents_changed: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)  # helper, pupil
    absent: list[tuple[str, str]] = field(default_factory=list)  # name, class
    rows: dict[str, Pupil] = field(default_factory=dict)  # pupil's id → row


class Linker:
    """Resolves one book against one register. `make_id` gives ids to what is new."""

    def __init__(self, book: Book, known: Known, make_id: Callable[[], str] = new_id) -> None:
        """Nothing is resolved yet; `run` does it."""
        self.book, self.known, self.make_id = book, known, make_id
        self.notes = book.notes
        self.out = Linked()
        self.pupils: dict[str, Wanted] = {}
        self.rows: dict[str, Pupil] = {}
        self.people: dict[str, Wanted] = {}

    def run(self) -> Linked:
        """Everything of the book, in the order in which it depends on each other."""
        self._people()
        self._pupils()
        self.index()
        houses = beds.Houses(self.book.beds, self.known, self.notes, self.make_id)
        buildings = houses.run(self)
        self._buildings_of(buildings)
        self.out.pairs = pairing.pair_up(self)
        home_docs = self._homes()
        self.out.wanted = [
            *self.people.values(),
            *buildings,
            *home_docs,
            *self.pupils.values(),
            *(self._meal(meal) for meal in self.book.meals),
        ]
        self.out.rows = self.rows
        return self.out

    def _people(self) -> None:
        for person in self.book.people:
            known = self._person_id(person)
            wanted = Wanted(
                "person", known or self.make_id(), known not in self.known.people, person.spot, person.name
            )
            if person.phone and person.phone not in self.known.users:
                self.out.accounts.append((wanted.id, person.phone, person.name))
            wanted.values = {"name": person.name, "post": person.post, "phone": person.phone}
            wanted.sets = {"roles": set(person.roles), "classes": set(person.classes)}
            wanted.cells = {"roles": "role"}
            self.people[wanted.id] = wanted

    def _person_id(self, person: Person) -> str:
        if person.phone:
            return self.known.users.get(person.phone, "")
        same = [i for i, (name, phone) in self.known.people.items() if name == person.name and not phone]
        return same[0] if len(same) == 1 else ""

    def _buildings_of(self, buildings: list[Wanted]) -> None:
        by_name = dict(self.known.buildings) | {str(b.values["name"]): b.id for b in buildings}
        for person in self.book.people:
            wanted = next(w for w in self.people.values() if w.spot is person.spot)
            ids = {by_name[name] for name in person.buildings if name in by_name}
            if len(ids) < len(person.buildings):
                table, row = person.spot
                self.notes.doubt(table, row, "buildings", "building_unknown", person.name)
            if ids:
                wanted.sets["buildings"] = ids

    # --- pupils -------------------------------------------------------------------------------------------

    def _pupils(self) -> None:
        taken: set[str] = set()
        pending: list[Pupil] = []
        ids: dict[int, str] = {}
        for pupil in self.book.pupils:  # sure ones first, so that nobody else is taken for them
            found = self.known.by_ident.get(pupil.ident, "") if pupil.ident else ""
            found = found or (
                self.known.by_enrolment.get(pupil.enrolment_no, "") if pupil.enrolment_no else ""
            )
            if found and found not in taken:
                ids[id(pupil)] = found
                taken.add(found)
            else:
                pending.append(pupil)
        for pupil in pending:
            found = self._by_name(pupil, taken)
            ids[id(pupil)] = found
            taken.add(found)
        for pupil in self.book.pupils:
            self._pupil(pupil, ids[id(pupil)])
        if self.book.pupils:
            here = {pupil.grade for pupil in self.book.pupils}
            self.out.absent = [
                (p.name, p.class_)
                for p in self.known.pupils.values()
                if p.id not in taken and self.known.kinds.get(p.id) and f"{p.class_[:1]}年级" in here
            ]

    def _by_name(self, pupil: Pupil, taken: set[str]) -> str:
        """A pupil without a number in common: the same name and class, or the same name and birthday."""
        fits = []
        for candidate_id in self.known.by_name.get(pupil.name, ()):
            one = self.known.pupils[candidate_id]
            if candidate_id in taken or not _may_be(pupil, one.ident, one.birth):
                continue
            if one.class_ == pupil.class_ or (one.birth and one.birth == pupil.birth):
                fits.append(candidate_id)
        return fits[0] if len(fits) == 1 else ""

    def _pupil(self, pupil: Pupil, known_id: str) -> None:
        wanted = Wanted("student", known_id or self.make_id(), not known_id, pupil.spot, pupil.name)
        wanted.values = {name: getattr(pupil, name) for name in _PUPIL_FIELDS}
        wanted.values |= {"class": pupil.class_, "pinyin": pinyin(pupil.name)}
        if pupil.ident:
            wanted.values["ident_last4"] = pupil.ident[-4:]
        if pupil.enrolment_no:
            wanted.values["enrolment_no"] = f"****{pupil.enrolment_no[-4:]}"
        wanted.sets = {"to_check": set(pupil.to_check)}
        wanted.cells = dict(_PUPIL_CELLS)
        self._numbers(pupil, wanted)
        self.pupils[wanted.id] = wanted
        self.rows[wanted.id] = pupil

    def _numbers(self, pupil: Pupil, wanted: Wanted) -> None:
        before = self.known.pupils.get(wanted.id)
        old = (before.ident, before.enrolment_no) if before else ("", "")
        new = (pupil.ident or old[0], pupil.enrolment_no or old[1])
        if new != old and any(new):
            self.out.numbers.append((wanted.id, *new))
            if before and new[0] != old[0]:
                self.out.idents_changed.add(wanted.id)

    def _homes(self) -> list[Wanted]:
        both = [(row, self.pupils[i]) for i, row in self.rows.items()]
        standing = {p.household for p in self.known.pupils.values()}
        living = homes.assign(both, self.known, self.make_id)
        return [
            homes.wanted_home(home, rows, self.known, home not in standing, self.notes)
            for home, rows in living.items()
        ]

    # --- rows of other sheets that name a pupil -------------------------------------------------------------

    def index(self) -> None:
        """Pupils by number and by name, of this book and of the register."""
        self.by_number = {i: p for i, p in self.known.by_ident.items() if i}
        self.by_number |= {pupil.ident: i for i, pupil in self.rows.items() if pupil.ident}
        self.by_names: dict[str, list[str]] = defaultdict(list)
        for pupil_id, row in self.rows.items():
            self.by_names[row.name].append(pupil_id)
        for pupil in self.known.pupils.values():
            if pupil.id not in self.rows:
                self.by_names[pupil.name].append(pupil.id)

    def find_pupil(self, name: str, ident: str, class_: str) -> tuple[str, int]:
        """The pupil that such a row means, and how many it might mean (0: nobody, 2 and more: unclear)."""
        if ident and ident in self.by_number:
            return self.by_number[ident], 1
        named = self.by_names.get(name, [])
        if class_:
            named = [i for i in named if self.class_of(i) == class_]
        if ident:  # a number that nobody has: meant is only someone whose own is missing or doubtful
            named = [i for i in named if not (own := self.ident_of(i)) or read_ident(own).doubt]
        return (named[0], 1) if len(named) == 1 else ("", len(named))

    def name_of(self, pupil: str) -> str:
        """A pupil's name."""
        return self.rows[pupil].name if pupil in self.rows else self.known.pupils[pupil].name

    def class_of(self, pupil: str) -> str:
        """A pupil's class."""
        return (self.rows[pupil].class_ or "") if pupil in self.rows else self.known.pupils[pupil].class_

    def ident_of(self, pupil: str) -> str:
        """A pupil's ID number."""
        return self.rows[pupil].ident if pupil in self.rows else self.known.pupils[pupil].ident

    def boards(self, pupil: str) -> bool | None:
        """Whether a pupil boards, None if this book's roster does not say."""
        return self.rows[pupil].boards if pupil in self.rows else self.known.pupils[pupil].boards

    def sex_of(self, pupil: str) -> str:
        """A pupil's sex."""
        return (self.rows[pupil].sex or "") if pupil in self.rows else self.known.pupils[pupil].sex

    def pupil_wanted(self, pupil: str) -> Wanted:
        """The doc of a pupil, also of one who is in no row of this book's rosters."""
        if pupil not in self.pupils:
            self.pupils[pupil] = Wanted("student", pupil, False, None, self.known.pupils[pupil].name)
        return self.pupils[pupil]

    # --- meals --------------------------------------------------------------------------------------------

    def _meal(self, meal: Meal) -> Wanted:
        wanted = Wanted("meal", meal_id(self.known.school, meal.date, meal.sort), False, meal.spot, meal.date)
        wanted.new = wanted.id not in self.known.cells
        wanted.values = {
            "date": meal.date,
            "sort": meal.sort,
            "price": meal.price,
            "entitled": meal.entitled,
            "standard": meal.standard,
        }
        items: dict[str, object] = {}
        for dish in meal.dishes:
            items[f"dishes/{derived('dish', wanted.id, dish)}"] = {"name": dish}
        for number, one in enumerate(meal.ingredients):
            path = f"ingredients/{derived('ingredient', wanted.id, str(number), one.name)}"
            item = {"dish": one.dish, "name": one.name, "amount": one.amount, "unit": one.unit}
            items[path] = {key: value for key, value in item.items() if value not in (None, "")}
        for path in self.known.cells.get(wanted.id, {}):
            if path.startswith(("dishes/", "ingredients/")):
                items.setdefault(path, None)  # the cell names it no longer
        wanted.values |= items
        wanted.cells = {path: path.partition("/")[0] for path in items}
        return wanted


def _may_be(pupil: Pupil, ident: str, birth: str) -> bool:
    """Two good numbers make two pupils; a number that fails its check may be the other one's, mistyped."""
    if pupil.ident and ident and pupil.ident != ident:
        return bool(pupil.ident_doubt or read_ident(ident).doubt)
    return not (birth and pupil.birth and birth != pupil.birth)


def link(book: Book, known: Known, make_id: Callable[[], str] = new_id) -> Linked:
    """Resolve a book against a register."""
    return Linker(book, known, make_id).run()
