"""Why something was not taken, and what can be done about it, in words for the office."""

from __future__ import annotations

from typing import NamedTuple

from server.text import N_, _

HOPELESS = ("bad_op", "duplicate_id", "erased")
"""Codes under which a release would meet the same wall again."""
OWN = "own"  # no code of an op's: who sent it looks at it themselves


class Why(NamedTuple):
    """A reason in a few words, and what to do."""

    title: str
    help: str


_WHY = {
    "forbidden": (
        N_("当时已经不归这个人填"),
        N_("看过内容，该收就放行，署的还是填的人的名字；不该收就不收，写明原因。"),
    ),
    "unknown_doc": (
        N_("要改的那条记录这里没有"),
        N_("多半是它的开头也没收。先放行新建的那条，跟着的会一起收进来。"),
    ),
    "duplicate_id": (
        N_("编号和别的记录重了"),
        N_("放行也收不进来。请填的人照着内容另记一条，这条就不收了。"),
    ),
    "unknown_form": (N_("用的表格这里没有"), N_("服务器换上认识这张表的版本以后，再来放行。")),
    "bad_value": (N_("填的值读不出来"), N_("请填的人照着内容重填，这条就不收了。")),
    "bad_op": (
        N_("传来的内容读不出来"),
        N_("原样留着。请填的人看看手机上的记录，缺了就补填，这条就不收了。"),
    ),
    "illegal_event": (
        N_("那时记录已经走到别的步骤"),
        N_("先看记录现在的样子：已经不用了就不收；还要办，等记录回到那一步再放行。"),
    ),
    "signed": (N_("家长已签字，签过的不能改"), N_("确实要改，请重新走访并请家长再签，这条就不收了。")),
    "erased": (
        N_("写的是已删除的学生"),
        N_("这名学生的资料已按规定删除。传来的内容没有收，也没有留下，看过点“不收”就行。"),
    ),
    OWN: (
        N_("是自己传来的"),
        N_("自己传来的不能自己放行，请另一位能审核的人看过再放行。"),
    ),
    "void": (N_("记录已经作废"), N_("内容还有用，请另记一条，这条就不收了。")),
}


def why(code: str) -> Why:
    """The words for a code, also for one that this release does not know."""
    found = _WHY.get(code)
    if found is None:
        return Why(_("服务器没能处理"), _("内容还在。可以放行再试一次；还不行，请告诉管系统的人。"))
    return Why(_(found[0]), _(found[1]))


def wanted(op: str, event: str) -> str:
    """What the op is, as a verb: 新建, 填写, 提交."""
    events = {
        "submit": _("提交"),
        "withdraw": _("撤回"),
        "return": _("退回"),
        "approve": _("通过"),
        "archive": _("归档"),
        "void": _("作废"),
        "postpone": _("延期"),
        "exempt": _("免访"),
    }
    if op == "event":
        return events.get(event, event)
    return {"create": _("新建"), "edit": _("填写"), "settle": _("裁定")}.get(op, "")
