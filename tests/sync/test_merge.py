"""How a field merges, rule by rule (sync/PROTOCOL.md)."""

from sync.merge import Context, merge
from sync.protocol import Op
from tests.sync.engine import FORM, Desk, desk


def test_a_value_replaces_one_that_its_author_had_seen() -> None:
    d = desk(carer="甲")
    assert d.edit("b", carer="乙").result == "applied"
    assert d.shown == {"carer": "乙"}
    assert d.open("carer") == []


def test_two_values_made_apart_both_stay_and_the_shown_one_stays_shown() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    result = d.edit("c", base=1, carer="丙")
    assert (result.result, result.fields) == ("conflict", ["carer"])
    assert d.shown == {"carer": "乙"}
    assert d.open("carer") == ["丙"]


def test_two_fields_changed_apart_merge() -> None:
    d = desk(carer="甲", phone="1")
    d.edit("b", base=1, carer="乙")
    assert d.edit("c", base=1, phone="2").result == "merged"
    assert d.shown == {"carer": "乙", "phone": "2"}


def test_a_client_s_own_chain_needs_no_new_base() -> None:
    d = desk(carer="甲")
    assert d.edit("a", base=0, carer="乙").result == "applied"
    assert d.edit("a", base=0, carer=None).result == "applied"
    assert d.shown == {}


def test_what_may_be_a_copys_is_nobody_s_own() -> None:
    """Client `a` was copied: ops 2 and 3 may be the copy's, 4 on are surely of one phone."""
    d = desk(carer="甲", needs={"add": ["x"]}, story="一。")
    d.edit("a", base=0, carer="乙", needs={"add": ["y"]})
    d.edit("b", base=0, phone="1")
    d.edit("a", base=0, phone="2", samples__s={"grams": 1})
    four = {"carer": "丙", "phone": "3", "needs": {"remove": ["x", "y"]}, "samples/s": None}
    assert d.send("a", base=0, since=4, set=four).fields == ["carer", "phone", "samples/s"]
    assert d.shown == {
        "carer": "乙", "needs": ["x", "y"], "phone": "1", "samples/s": {"grams": 1}, "story": "一。",
    }  # fmt: skip
    assert (d.open("carer"), d.open("phone")) == (["丙"], ["2", "3"])
    d.send("a", base=0, since=4, set={"carer": "丁", "needs": {"add": ["x"]}})
    assert d.open("carer") == ["丁"], "its own from 4 on it replaces"
    d.send("a", base=0, since=4, set={"needs": {"remove": ["x"]}})
    assert d.shown["needs"] == ["x", "y"], "held up by the copy's add"


def test_a_later_value_of_a_client_replaces_its_own_sibling() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    d.edit("c", base=1, carer="丙")
    assert d.edit("c", base=1, carer="丁").result == "conflict"
    assert d.open("carer") == ["丁"]
    # going back to what is shown closes its own sibling, too
    assert d.edit("c", base=1, carer="乙").result == "merged"
    assert d.open("carer") == []


def test_an_equal_value_changes_nothing() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    before = d.doc
    assert d.edit("c", base=1, carer="乙").result == "applied"
    assert d.doc is before
    d.edit("c", base=1, carer="丙")
    assert d.edit("e", base=1, carer="丙").result == "conflict"
    assert d.open("carer") == ["丙"]


def test_null_clears_and_can_be_a_sibling() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    d.edit("c", base=1, carer=None)
    assert d.shown == {"carer": "乙"}
    assert d.open("carer") == [None]


def test_a_base_from_the_future_counts_as_none() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    assert d.edit("c", base=10**6, carer="丙").result == "conflict"


def test_a_set_s_remove_cancels_only_the_adds_that_it_saw() -> None:
    d = desk(needs={"add": ["学业", "亲情"]})
    d.edit("b", base=1, needs={"add": ["学业"]})
    assert d.edit("c", base=1, needs={"remove": ["学业", "亲情"], "add": ["安全"]}).result == "merged"
    assert d.shown == {"needs": ["学业", "安全"]}
    d.edit("c", needs={"remove": ["学业"]})
    assert d.shown == {"needs": ["安全"]}


def test_an_add_that_comes_late_does_not_stand_for_a_later_one() -> None:
    """Held and released out of order: the removal between the two adds cancels the first alone."""
    d = desk()
    add = {"needs": {"add": ["学业"]}}
    for seq, change in ((9, add), (5, add), (7, {"needs": {"remove": ["学业"]}})):
        d.seqs["a"] = seq - 1
        d.send("a", base=0, set=change)
    assert d.shown == {"needs": ["学业"]}


def test_list_items_are_fields_of_their_own() -> None:
    d = desk()
    d.edit("b", base=1, samples__x={"grams": 130})
    assert d.edit("c", base=1, samples__y={"grams": 100}).result == "merged"
    assert d.shown == {"samples/x": {"grams": 130}, "samples/y": {"grams": 100}}


def test_a_removal_that_did_not_see_the_item_waits_whichever_came_first() -> None:
    first = desk()
    first.edit("a", samples__x={"grams": 1})
    seen = first.rev
    first.edit("b", base=seen, samples__x={"grams": 2})
    first.edit("c", base=seen, samples__x=None)
    assert first.shown == {"samples/x": {"grams": 2}}
    assert first.open("samples/x") == [None]

    second = desk()
    second.edit("a", samples__x={"grams": 1})
    seen = second.rev
    second.edit("c", base=seen, samples__x=None)
    assert second.shown == {}
    assert second.edit("b", base=seen, samples__x={"grams": 2}).result == "conflict"
    assert second.shown == {"samples/x": {"grams": 2}}
    assert second.open("samples/x") == [None]


def test_text_changed_in_different_sentences_is_one_text() -> None:
    d = desk()
    d.write("a", "", "奶奶做饭。孩子喂鸡。")
    d.write("b", "奶奶做饭。孩子喂鸡。", "奶奶做饭。孩子喂鸡，又写字。", base=2)
    result = d.write("c", "奶奶做饭。孩子喂鸡。", "爷爷做饭。孩子喂鸡。", base=2)
    assert result.result == "merged"
    assert d.shown == {"story": "爷爷做饭。孩子喂鸡，又写字。"}


def test_text_changed_at_the_same_place_keeps_both() -> None:
    d = desk()
    d.write("a", "", "奶奶做饭。")
    d.write("b", "奶奶做饭。", "爷爷做饭。", base=2)
    assert d.write("c", "奶奶做饭。", "妈妈做饭。", base=2).result == "conflict"
    assert d.shown == {"story": "爷爷做饭。"}
    assert d.open("story") == ["妈妈做饭。"]
    # and c goes on from its own text
    assert d.write("c", "妈妈做饭。", "妈妈做饭。她回来了。", base=2).result == "conflict"
    assert d.open("story") == ["妈妈做饭。她回来了。"]


def test_text_goes_by_was_and_not_by_base() -> None:
    d = desk()
    d.write("a", "", "一。")
    d.write("b", "一。", "一。二。")
    # c names a new base but started from the old text: b's sentence stays
    d.write("c", "一。", "零。一。")
    assert d.shown == {"story": "零。一。二。"}


def test_a_merged_text_beyond_the_limit_keeps_both() -> None:
    d = desk()
    d.write("a", "", "甲。")
    d.write("b", "甲。", "甲。" + "乙" * 40 + "。", base=2)
    assert d.write("c", "甲。", "丙" * 40 + "。甲。", base=2).result == "conflict"


def test_no_carriage_returns_and_composed_letters_in_texts() -> None:
    d = desk()
    d.write("a", "", "e\u0301\r\n二")
    assert d.shown == {"story": "é\n二"}


def test_what_is_signed_stays_signed() -> None:
    d = desk()
    assert d.edit("a", sign={"strokes": "M1 1"}).result == "applied"
    result = d.edit("b", sign={"strokes": "M2 2"})
    assert (result.result, result.code) == ("held", "signed")
    assert d.edit("b", sign={"strokes": "M1 1"}).result == "applied"


def test_an_edit_in_sight_of_a_signature_is_refused_and_one_made_before_marks_it_stale() -> None:
    d = desk(carer="甲")
    d.edit("a", sign={"strokes": "M1 1", "covers": {"carer": "hash"}})
    assert d.doc and d.doc.notes == {}
    assert d.edit("b", base=1, carer="乙").result != "held"
    assert d.doc.notes["stale_signature"] == [{"signature": "sign", "fields": ["carer"]}]
    after = d.edit("c", carer="丙")
    assert (after.result, after.code) == ("held", "signed")


def settle(d: Desk, client: str, value: str, sees: list[str], base: int | None = None) -> str:
    return d.send(client, "settle", base, set={"carer": value}, sees={"carer": sees}).result


def test_settling_closes_what_it_names_and_only_that() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    d.edit("c", base=1, carer="丙")
    d.edit("e", base=1, carer="戊")
    assert settle(d, "a", "乙", ["c:1"]) == "conflict"
    assert d.open("carer") == ["戊"]
    assert settle(d, "a", "己", ["e:1", "long gone:7"]) == "applied"
    assert d.shown == {"carer": "己"}
    assert d.open("carer") == []


def test_settling_with_a_value_unseen_by_others_keeps_theirs() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    d.edit("c", base=1, carer="丙")
    seen = d.rev
    d.edit("b", carer="丁")
    assert settle(d, "a", "丙", ["c:1"], base=seen) == "conflict"
    assert d.shown == {"carer": "丁"}
    assert d.open("carer") == ["丙"]


def test_settling_does_not_take_away_a_sentence_that_was_woven_in_unseen() -> None:
    """b's edit was merged with a's; b, who never saw a's sentence, can't settle it away."""
    d = desk()
    d.write("a", "", "一。二。")
    seen = d.rev
    d.write("c", "", "三。", base=1)  # a sibling, for b to settle
    d.write("a", "一。二。", "一。甲。二。")
    d.write("b", "一。二。", "一。二。乙。", base=seen)
    assert d.shown == {"story": "一。甲。二。乙。"}
    sees = {"story": ["c:1"]}
    assert d.send("b", "settle", seen, set={"story": "丁。"}, sees=sees).result == "conflict"
    assert d.shown == {"story": "一。甲。二。乙。"}
    assert d.open("story") == ["丁。"]


def test_sees_without_set_keeps_what_is_shown() -> None:
    d = desk(carer="甲")
    d.edit("b", base=1, carer="乙")
    d.edit("c", base=1, carer="丙")
    d.send("a", "settle", sees={"carer": ["c:1"]})
    assert (d.shown, d.open("carer")) == ({"carer": "乙"}, [])


def test_creating_again_is_an_edit_or_a_duplicate() -> None:
    d = desk(carer="甲")
    assert d.send("b", "create", base=0, set={"carer": "乙"}).result == "conflict"
    other = d.send("b", "create", base=0, set={}, meta={"students": ["x"]})
    assert (other.result, other.code) == ("held", "duplicate_id")


def test_a_doc_of_one_kind_takes_no_form_of_another() -> None:
    op = Op(1, "create", "household", "d", form="note", form_version=1, set={"carer": "甲"})
    doc, result = merge(None, op, FORM, Context("a", "user-a", 1, 0))
    assert (doc, result.code, result.params) == (None, "unknown_form", {"form": "note"})


def test_bad_ops_are_held_with_their_reason() -> None:
    d = desk(carer="甲")
    codes = [
        d.edit("b", nonsense=1).code,
        d.edit("b", carer=7).code,
        d.edit("b", needs=["a"]).code,
        d.edit("b", samples={"grams": 1}).code,
        d.send("b", "explode").code,
        d.send("b", "event", event="explode").code,
    ]
    assert codes == ["bad_value"] * 4 + ["bad_op", "illegal_event"]
    assert d.shown == {"carer": "甲"}
