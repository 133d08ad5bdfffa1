"""Merging texts at length: how much is compared, and what that leaves out."""

from __future__ import annotations

import time

import pytest

from sync.text import merge_text


def lines(words: list[str]) -> str:
    """A line each."""
    return "".join(f"{word}\n" for word in words)


def test_a_long_text_with_a_change_by_each_is_one_text() -> None:
    was = [f"第{n}次家访。" for n in range(3000)]
    ours, theirs = [*was], [*was]
    ours[40:42] = ["改了。"]
    theirs[2900:2900] = ["又来了一次。", "还来了一次。"]
    both = [*was[:40], "改了。", *was[42:2900], "又来了一次。", "还来了一次。", *was[2900:]]
    assert merge_text(lines(was), lines(ours), lines(theirs)) == lines(both)
    assert merge_text("".join(was), "".join(ours), "".join(theirs)) == "".join(both)


def test_sentences_that_return_stay_where_they_were() -> None:
    was = ["父亲在外。", "无。", "母亲在家。", "无。", "爷爷带。", "无。"]
    ours = ["父亲在广东。", *was[1:4], "爷爷奶奶带。", "无。"]
    theirs = [*was[:2], "母亲在县城。", *was[3:], "下月再来。"]
    merged = ["父亲在广东。", "无。", "母亲在县城。", "无。", "爷爷奶奶带。", "无。", "下月再来。"]
    assert merge_text("".join(was), "".join(ours), "".join(theirs)) == "".join(merged)


@pytest.mark.parametrize("line", ["a", "x y", ""])
def test_texts_made_to_be_slow_to_compare_stop_nobody(line: str) -> None:
    """As many lines as one op holds, the same over and over or every other one: both texts stay."""
    words = line.split() or [line]
    was, ours, theirs = (
        lines([f"{end}-begins", *(w if w != "y" else f"{end}{n}" for n in range(500) for w in words), end])
        for end in ("was", "ours", "theirs")
    )
    before = time.process_time()
    for _ in range(20):
        assert merge_text(was, ours, theirs) is None
    assert time.process_time() - before < 2
