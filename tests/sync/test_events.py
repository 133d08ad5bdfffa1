"""The states of a record, and what reaches it in each of them."""

from tests.sync.engine import desk


def test_submit_return_resubmit_approve() -> None:
    d = desk(carer="甲")
    assert d.send("a", "event", event="submit").result == "applied"
    d.send("office", "event", event="return", args={"reason": "请补", "fields": {"carer": "谁?"}})
    assert d.doc and d.doc.state == "returned"
    assert d.doc.notes["returned"]["reason"] == "请补"
    assert d.doc.notes["returned"]["by"] == "user-office"
    d.edit("a", carer="乙")
    d.send("a", "event", event="submit")
    assert d.doc.state == "submitted"
    assert "unseen_return" not in d.doc.notes
    d.send("office", "event", event="approve")
    assert (d.doc.state, d.doc.notes) == ("approved", {})


def test_a_submit_that_had_not_seen_the_return_says_so() -> None:
    d = desk(carer="甲")
    d.send("a", "event", event="submit")
    seen = d.rev
    d.send("office", "event", event="return", args={"reason": "请补"})
    d.edit("a", base=seen, carer="乙")
    d.send("a", "event", base=seen, event="submit")
    assert d.doc and d.doc.state == "submitted"
    assert d.doc.notes["unseen_return"]["reason"] == "请补"
    assert d.shown == {"carer": "乙"}


def test_no_approval_while_two_values_stand_against_each_other() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    d.edit("c", base=1, carer="丙")
    d.send("a", "event", event="submit")
    refused = d.send("office", "event", event="approve")
    assert (refused.code, refused.params["why"]) == ("illegal_event", "open_siblings")
    d.send("a", "settle", sees={"carer": ["c:1"]})
    assert d.send("office", "event", event="approve").result == "applied"


def test_after_approval_a_change_is_an_amendment() -> None:
    d = desk(carer="甲")
    d.send("a", "event", event="submit")
    d.send("office", "event", event="approve")
    assert d.edit("a", carer="乙").result == "applied"
    assert d.doc and d.shown == {"carer": "甲"}
    (amendment,) = d.doc.notes["amendments"]
    assert (amendment["set"], amendment["state"], amendment["by"]) == ({"carer": "乙"}, "waiting", "user-a")


def test_nothing_changes_what_is_void() -> None:
    d = desk(carer="甲")
    d.send("office", "event", event="void", args={"reason": "重复"})
    assert d.edit("a", carer="乙").code == "void"
    assert d.send("a", "event", event="submit").code == "illegal_event"
    assert d.shown == {"carer": "甲"}


def test_a_withdrawn_record_is_a_draft_again() -> None:
    d = desk(carer="甲")
    d.send("a", "event", event="submit")
    d.send("a", "event", event="withdraw")
    assert d.doc and d.doc.state == "draft"
