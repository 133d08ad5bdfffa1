"""The whole machine: all that phones, the line, the office and the server do, in any order."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER, rule

from tests.server.gateway.entering import PICK, TEACHER
from tests.server.gateway.locked import Locked
from tests.server.gateway.world import CLASS


class Machine(Locked):
    """What happens to phones, at the office and to the server."""

    @rule(who=TEACHER, what=st.sampled_from(["clone", "clone", "wipe"]))
    def copy_or_lose_a_phone(self, who: int, what: str) -> None:
        phone = self.phones[who]
        if what == "clone" and len(self.phones) < 5:
            self.phones.append(phone.copy(*self.world.line()))
            self.counts["clones"] += 1
        elif what == "wipe" and phone.role not in self.revoked:
            self.phones[who] = self.run(self.world.phone(phone.role))
            self.counts["wipes"] += 1

    @rule(
        what=st.sampled_from(["class", "helper", "duty", "role"]),
        role=st.sampled_from(["class_teacher", "teacher"]),
        back=st.booleans(),
    )
    def change_who_sees_what(self, what: str, role: str, back: bool) -> None:
        """The pupil moves, is assigned or not; the duty is handed over; a role is revoked or given back."""
        ids, hand = self.world.school.ids, self.world.hand
        if what == "class":
            change: Any = {"class": CLASS if back else "五(1)班"}
            self.run(hand("edit", "student", self.about["pupil"], set=change))
        elif what == "helper":
            change = {"helpers": {"add" if back else "remove": [ids["teacher"]]}}
            self.run(hand("edit", "student", self.about["pupil"], set=change))
        elif what == "duty":
            self.run(hand("edit", "duty", self.about["duty"], set={"assignee": ids[role]}))
        else:
            self.run(self.world.revoke(role, back))
            (self.revoked.discard if back else self.revoked.add)(role)
        self.counts["scope changes"] += 1

    @rule(pick=PICK, event=st.sampled_from(["release", "release", "close"]))
    def decide(self, pick: int, event: str) -> None:
        """The office looks at what could not be taken."""
        office = self.phones[3]
        self.sync(office)
        waiting = [i for i in office.held() if i in {e.name for e in self.ledger.entries}]
        if waiting:
            more: dict[str, Any] = {"args": {"reason": self.word()}} if event == "close" else {}
            self.op(office, "event", "held", waiting[pick % len(waiting)], event=event, **more)
            self.sync(office)

    @rule(what=st.sampled_from(["back up", "back up", "restore", "restore", "new form"]))
    def do_something_to_the_server(self, what: str) -> None:
        if what == "new form":
            self.run(self.world.new_form())
            self.counts["new forms"] += 1
        elif what == "back up":
            self.run(self.world.back_up())
            self.backup = {**self.ledger.snapshot(), "revoked": set(self.revoked)}
        elif self.backup and self.restores < 2:  # dear, and a third says nothing new
            self.restores += 1
            self.run(self.world.restore())
            self.ledger.restore(self.backup)
            self.revoked = set(self.backup["revoked"])
            self.counts["restores"] += 1


def with_rules(names: str) -> dict[str, None]:
    """The members of a machine that has these rules only."""
    rules = {n for part in Machine.__mro__ for n, m in vars(part).items() if hasattr(m, RULE_MARKER)}
    assert set(names.split()) <= rules
    return dict.fromkeys(rules - set(names.split()))
