"""The rules of the machine: what people enter."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.server.gateway.device import Device
from tests.server.gateway.history import History

WHO = st.integers(0, 4)
TEACHER = st.integers(0, 2)
PICK = st.integers(0, 5)
EVENTS = st.sampled_from(["submit", "submit", "withdraw", "return", "return", "approve"])
DAYS = ["2026-11-20T16:40:02+08:00", "1970-01-01T00:00:00+08:00", "2031-02-28T23:59:59Z", "gestern"]


class Entering(History):
    """What people enter."""

    def doc(self, phone: Device, kind: str, pick: int) -> str:
        """A doc of the kind that is on the phone; "" where there is none."""
        here = [
            i for i in self.ids if phone.has(i) and (self.about["household"] == i) == (kind == "household")
        ]
        here = [i for i in here if i != self.about["duty"]]
        return here[pick % len(here)] if here else ""

    def edit(self, who: int, pick: int, kind: str, **rest: Any) -> None:
        """Change a doc of the phone, if it has one."""
        phone = self.phone(who)
        if doc := self.doc(phone, kind, pick):
            self.op(phone, "edit", kind, doc, **rest)

    @rule(who=TEACHER, sort=st.sampled_from(["own", "own", "nobody's"]))
    def begin_a_visit(self, who: int, sort: str) -> None:
        if len(self.ids) < 5:
            self.begin(self.phone(who), self.about["pupil"] if sort == "own" else self.world.stranger)

    @rule(who=WHO, pick=PICK, name=st.sampled_from(["phone_new", "next_date"]), clear=PICK)
    def set_a_scalar(self, who: int, pick: int, name: str, clear: int) -> None:
        days = next(self.world.words)
        date = f"{2000 + days // 336}-{days // 28 % 12 + 1:02}-{days % 28 + 1:02}"
        value = date if name == "next_date" else self.word()
        self.edit(who, pick, "visit", set={name: value if clear else None})

    @rule(who=WHO, name=st.sampled_from(["village", "group"]))
    def move_a_household(self, who: int, name: str) -> None:
        self.edit(who, 0, "household", set={name: self.word()})

    @rule(who=WHO, pick=PICK, element=st.sampled_from("abc"), remove=st.booleans())
    def change_a_set(self, who: int, pick: int, element: str, remove: bool) -> None:
        self.edit(who, pick, "visit", set={"difficulty": {"remove" if remove else "add": [element]}})

    @rule(who=WHO, pick=PICK, item=st.sampled_from(["p1", "p2"]), remove=st.booleans())
    def change_a_list(self, who: int, pick: int, item: str, remove: bool) -> None:
        value = None if remove else {"text": self.word()}
        self.edit(who, pick, "visit", set={f"problems/{item}": value})

    @rule(who=WHO, item=st.sampled_from(["g1", "g2"]), remove=st.booleans())
    def change_a_guardian(self, who: int, item: str, remove: bool) -> None:
        value = None if remove else {"name": self.word()}
        self.edit(who, 0, "household", set={f"guardians/{item}": value})

    @rule(who=WHO, pick=PICK, at=st.integers(0, 5), cut=st.booleans())
    def write_text(self, who: int, pick: int, at: int, cut: bool) -> None:
        phone = self.phone(who)
        if doc := self.doc(phone, "visit", pick):
            before = phone.text(doc)
            parts = [s + "。" for s in before.split("。") if s]
            at = min(at, len(parts))
            after = "".join([*parts[:at], self.word() + "。", *parts[at + (1 if cut else 0) :]])
            phone.texts[doc] = after
            self.op(phone, "edit", "visit", doc, set={"home_fb": after}, was={"home_fb": before})

    @rule(who=WHO, pick=PICK)
    def answer_a_new_question(self, who: int, pick: int) -> None:
        version = self.phone(who).version("home_visit")
        if version > 1:
            self.edit(who, pick, "visit", set={f"more{version}": self.word()})

    @rule(who=WHO, pick=st.integers(0, 3))
    def settle(self, who: int, pick: int) -> None:
        """Settle all that this phone sees in dispute."""
        self.settle_all(self.phone(who), pick)

    @rule(who=WHO, pick=st.integers(0, 3))
    def look_and_settle(self, who: int, pick: int) -> None:
        """The same by somebody who is in step, as it mostly is."""
        phone = self.phone(who)
        self.sync(phone)
        self.settle_all(phone, pick)

    def settle_all(self, phone: Device, pick: int) -> None:
        """Settle with the shown value, a sibling, or a third."""
        for doc in [phone.docs[i] for i in self.ids if i in phone.docs]:
            for path, siblings in sorted(doc.get("siblings", {}).items()):
                values = [doc["fields"].get(path), *(s["value"] for s in siblings)]
                third: Any = {"text": self.word()} if "/" in path else self.word() + "。"
                value = values[pick] if pick < len(values) else None if path == "next_date" else third
                if path.startswith("guardians") and value == third:
                    value = {"name": third["text"]}
                sees, sight = {path: [s["sibling"] for s in siblings]}, ""
                if path == "home_fb":
                    phone.texts[doc["id"]] = str(value or "")
                    sight = "".join(v or "" for v in values)
                self.op(phone, "settle", doc["kind"], doc["id"], sight, set={path: value}, sees=sees)

    @rule(
        who=WHO,
        pick=PICK,
        event=st.sampled_from(["submit", "submit", "withdraw", "return", "return", "approve"]),
    )
    def lead_a_visit(self, who: int, pick: int, event: str) -> None:
        more: dict[str, Any] = {"args": {"reason": self.word()}} if event == "return" else {}
        phone = self.phone(who)
        if doc := self.doc(phone, "visit", pick):
            self.op(phone, "event", "visit", doc, event=event, **more)

    @rule(who=TEACHER)
    def postpone(self, who: int) -> None:
        phone = self.phone(who)
        if phone.has(self.about["duty"]):
            args = {"reason": self.word(), "due": "2026-12-04"}
            self.op(phone, "event", "duty", self.about["duty"], event="postpone", args=args)

    @rule(who=WHO, at=st.sampled_from(DAYS))
    def set_the_clock(self, who: int, at: str) -> None:
        self.phone(who).at = at
