"""Words for kinds of hardship, posts and roles, and what they stand for here."""

import re

from server.roster.cells import Cell, text
from server.roster.vocabulary import WORDS

NONE = "无"
CATEGORIES = tuple(WORDS["categories"])
_BY_WORD = {word: name for name, words in WORDS["categories"].items() for word in words}
_OLD_WORDS = frozenset(WORDS["other_categories"]["old"])
_NO_WORDS = frozenset(WORDS["other_categories"]["none"])


def category(cell: Cell) -> tuple[str, list[str], str]:
    """The kind of hardship (认定类别), further ones in the same cell, and a doubt's code.

    An empty cell or a dash is 无. Words that are not known stay as they are, with a doubt.
    """
    shown = re.sub(r"\s+", "", text(cell))
    if shown.upper() in _NO_WORDS or not shown:
        return NONE, [], ""
    if found := _one(shown):
        return found[0], [], found[1]
    parts = [part for part in re.split(r"[、,，;；/+和及|]", shown) if part]
    known = list(dict.fromkeys(one[0] for part in parts if (one := _one(part))))
    if known and len(parts) > 1:
        return (
            known[0],
            [part for part in parts if not (one := _one(part)) or one[0] != known[0]],
            "category_several",
        )
    return shown[:40], [], "category_unknown"


def _one(word: str) -> tuple[str, str] | None:
    for spelling in (word, re.sub(r"\(.*?\)", "", word)):
        if spelling in _BY_WORD:
            return _BY_WORD[spelling], ""
        if spelling in _OLD_WORDS:
            return "脱贫户", "category_old"
    return None


_SEXES = {
    "男": "male",
    "男生": "male",
    "男性": "male",
    "M": "male",
    "MALE": "male",
    "1": "male",
} | dict.fromkeys(("女", "女生", "女性", "F", "FEMALE", "2", "0"), "female")


def sex(cell: Cell) -> str:
    """`male`, `female` or ''."""
    return _SEXES.get(re.sub(r"\s+", "", text(cell)).upper(), "")


_ILL = re.compile(
    "哮喘|心脏|先心|癫痫|过敏|糖尿病|白血病|血友病|肾病|肾炎|抽搐|惊厥|晕厥|贫血|乙肝|结核|"
    "肺病|低血糖|高血压|蚕豆病|抑郁|手术|服药"
)


def health(note: str) -> str:
    """The part of a remark that those who look after a pupil at night must know, or ''."""
    return "；".join(part for part in re.split(r"[;；,，。\n]", note) if _ILL.search(part)).strip()


_ROLE_WORDS = WORDS["roles"]
_ROLE_BY_WORD = {word: role for role, words in _ROLE_WORDS.items() for word in words}
_COMMITTEE = frozenset(WORDS["other_roles"]["committee"])
_ABOVE = frozenset(WORDS["other_roles"]["above"])
_PARENT = re.compile("家长|家委")
_CANTEEN = re.compile("食堂|炊事|厨|供餐|配餐|采购|餐饮|厨师|炊")
_PUPIL = re.compile("学生代表|^学生$|少先队")


def roles(role: Cell, post: Cell) -> tuple[set[str], str, str]:
    """Roles from the columns 角色 and 职务: (roles, a doubt's code, the column's field that it is about).

    For 膳食委员会 the post decides: parents get the parents' role, canteen staff none, teachers sit on it.
    Without a word in 角色 the post alone is read, and that is reported.
    """
    words = [part for part in re.split(r"[、,;，；/|和及\s]+", text(role)) if part]
    job = re.sub(r"\s+", "", text(post))
    found: set[str] = set()
    doubts: list[tuple[str, str]] = []
    for word in words or []:
        if word in _COMMITTEE:
            found |= _committee(job, doubts)
        elif word in ("家长代表", "家长委员", "家长"):
            found.add("parent")
        elif word in _ABOVE:
            doubts.append(("role_above", "role"))
        elif word in _ROLE_BY_WORD:
            found.add(_ROLE_BY_WORD[word])
        else:
            doubts.append(("role_unknown", "role"))
    if not words:
        found |= _from_post(job)
        doubts.append(("role_from_post", "post") if found else ("role_none", "post"))
    if "班主任" in job and "parent" not in found:
        found |= {"class_teacher", "teacher"}
    if "class_teacher" in found:
        found.add("teacher")
    code, column = doubts[0] if doubts else ("", "")
    return found, code, column


def _committee(job: str, doubts: list[tuple[str, str]]) -> set[str]:
    if _PARENT.search(job):
        return {"parent"}
    if _PUPIL.search(job):
        doubts.append(("pupil_member", "post"))
        return set()
    if _CANTEEN.search(job):
        doubts.append(("canteen", "post"))
        return set()
    return {"committee"} | ({"teacher"} if re.search("教师|老师|班主任", job) else set())


def _from_post(job: str) -> set[str]:
    if _PARENT.search(job):
        return {"parent"}
    if _CANTEEN.search(job) or _PUPIL.search(job):
        return set()
    if job in _ROLE_BY_WORD:
        return {_ROLE_BY_WORD[job]}
    for pattern, role in (
        ("总务|后勤", "general_affairs"),
        ("心理", "counsellor"),
        ("宿管|宿舍|生活老师", "dorm"),
        ("年级组长|年级主任", "grade_lead"),
        ("资助|德育|政教", "office"),
        ("校长|书记", "principal"),
        ("教师|老师|班主任", "teacher"),
    ):
        if re.search(pattern, job):
            return {role}
    return set()


def role_title(role: str) -> str:
    """A role as a workbook calls it."""
    own = {"parent": "家长委员", "committee": "膳食委员"}
    return own.get(role) or next(iter(_ROLE_WORDS.get(role, [role])))
