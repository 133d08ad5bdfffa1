"""The whole machine: all that phones, the line, the office and the server do, in any order."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER, rule

from tests.server.gateway.entering import PICK, TEACHER
from tests.server.gateway.locked import Locked
from tests.server.gateway.world import CLASS

FEW = st.integers(1, 2)
WHICH = st.sampled_from([-1, -1, 0])
"""A backup: the latest, or the first that there is."""


class Machine(Locked):
    """What happens to phones, at the office and to the server."""

    MOST_RESTORES = 2  # they are dear, and a third says nothing new

    @rule(who=TEACHER, what=st.sampled_from(["clone", "clone", "wipe"]))
    def copy_or_lose_a_phone(self, who: int, what: str) -> None:
        phone = self.phones[who]
        if what == "clone" and len(self.phones) < 5:
            self.phones.append(phone.copy(*self.world.line()))
            self.counts["clones"] += 1
        elif what == "wipe" and phone.role not in self.revoked:
            self.phones[who] = self.new_phone(phone.role)
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

    @rule(
        what=st.sampled_from(["back up", "back up", "restore", "restore", "new form"]),
        which=WHICH,
    )
    def do_something_to_the_server(self, what: str, which: int) -> None:
        if what == "new form":
            self.run(self.world.new_form())
            self.counts["new forms"] += 1
        elif what == "back up":
            name = f"copy {len(self.backups)}"
            self.run(self.world.back_up(name))
            found = {"name": name, **self.ledger.snapshot(), "revoked": set(self.revoked)}
            self.backups.append(found)
        else:
            self.restore(which)

    def restore(self, which: int) -> None:
        """The server comes back from a backup, if there is one."""
        if self.backups and self.restores < self.MOST_RESTORES:
            self.restores += 1
            found = self.backups[which]
            self.run(self.world.restore(found["name"]))
            self.ledger.restore(found)
            self.revoked = set(found["revoked"])
            self.counts["restores"] += 1

    @rule(lost=FEW, more=st.booleans(), new=FEW, which=WHICH)
    def a_phone_and_its_copy_go_apart(self, lost: int, more: bool, new: int, which: int) -> None:
        """What one has sent is lost with the server; then the other comes first, with ops of its own."""
        for old in self.phones[4:]:
            self.sync(old)
        self.phones[4:] = [self.phones[1].copy(*self.world.line())]
        self.counts["clones"] += 1
        self.enter(4, lost)
        self.push_all(4)
        self.enter(4, int(more))
        self.restore(which)
        self.enter(1, new)
        self.push_all(1)

    def enter(self, who: int, times: int) -> None:
        for _ in range(times):
            self.edit(who, 0, "visit", set={"phone_new": self.word()})


def with_rules(names: str) -> dict[str, None]:
    """The members of a machine that has these rules only."""
    rules = {n for part in Machine.__mro__ for n, m in vars(part).items() if hasattr(m, RULE_MARKER)}
    assert set(names.split()) <= rules
    return dict.fromkeys(rules - set(names.split()))
