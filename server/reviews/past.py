"""What an answer said before, in words: the old value, who entered it and when, and how it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from server.reviews.subjects import Docs, mentioned, name_of
from server.text import N_, _, fmt
from server.when import moment
from sync.forms import Form
from sync.history import Past
from sync.present_control import one_text
from sync.questions import Question
from sync.value_text import Words, value_text

Line = dict[str, str]
_HOW = {
    "changed": N_("{name} {when}改掉"),
    "settled": N_("{name} {when}裁定"),
    "chosen": N_("{name} {when}选定"),
    "merged": N_("{name} {when}和别人写的合成一段"),
}


def named(entries: Iterable[Past]) -> Iterator[str]:
    """Ids of everybody in a history: who entered, who changed, who is mentioned."""
    for one in entries:
        yield from (ident for ident in (one.by, one.gone_by) if ident)
        yield from mentioned([one.path, one.value])


def lines(
    form: Form, entries: Iterable[Past], known: Docs, words: Words, zone: ZoneInfo
) -> dict[str, list[Line]]:
    """For each question that has a history its old values, the latest first: `text`, `who`, `gone`."""
    found: dict[str, list[Line]] = {}
    for one in entries:
        question = form.question_for(one.path)
        if question is not None:
            found.setdefault(question.name, []).insert(0, _line(question, one, known, words, zone))
    return found


def _line(question: Question, one: Past, known: Docs, words: Words, zone: ZoneInfo) -> Line:
    gone = ""
    if one.gone_at:
        who = name_of(known, one.gone_by) if one.gone_by else _("服务器")
        gone = fmt(_(_HOW[one.how]), name=who, when=moment(one.gone_at, zone))
    by = name_of(known, one.by) if one.by else _("服务器")
    return {
        "text": _text(question, one, words),
        "who": fmt(_("{name}填，{when}"), name=by, when=moment(one.at, zone)).strip("，"),
        "gone": gone,
    }


def _text(question: Question, one: Past, words: Words) -> str:
    if question.merge == "set":
        return value_text(question, [one.value], words)
    text = one_text(question, one.path, one.value, words) or _("空着")
    row = next((row.label for row in question.rows if one.path == f"{question.name}/{row.name}"), "")
    return f"{row} {text}".strip()
