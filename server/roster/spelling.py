"""Pinyin of names, whole and in initials, with surnames read as surnames (单 Shàn, 仇 Qiú, 覃 Qín)."""

from functools import cache, lru_cache
from types import ModuleType

_SURNAMES = {
    "单": "shan", "仇": "qiu", "覃": "qin", "解": "xie", "朴": "piao", "查": "zha", "曾": "zeng", "区": "ou",
    "任": "ren", "盖": "ge", "尉": "wei", "万": "wan", "翟": "zhai", "乐": "yue", "缪": "miao", "牟": "mu",
    "种": "chong", "秘": "bi", "冼": "xian", "洗": "xian", "召": "shao", "繁": "po", "折": "she", "黑": "he",
    "盛": "sheng", "燕": "yan", "宁": "ning", "华": "hua", "薄": "bo", "卜": "bu", "员": "yun", "贠": "yun",
    "隗": "wei", "郗": "xi", "郝": "hao", "幺": "yao", "哈": "ha", "阚": "kan", "谌": "chen", "逄": "pang",
    "纪": "ji", "那": "na", "句": "gou", "晟": "cheng", "祭": "zhai", "曲": "qu", "石": "shi", "葛": "ge",
    "尹": "yin", "闫": "yan", "钭": "tou", "芈": "mi", "冯": "feng", "侯": "hou", "殷": "yin", "沈": "shen",
    "车": "che", "贾": "jia", "强": "qiang", "占": "zhan", "降": "jiang", "夏": "xia", "洪": "hong",
}  # fmt: skip
_DOUBLE = {
    "尉迟": "yu chi", "长孙": "zhang sun", "万俟": "mo qi", "单于": "chan yu", "澹台": "tan tai",
    "宇文": "yu wen", "欧阳": "ou yang", "司马": "si ma", "诸葛": "zhu ge", "上官": "shang guan",
    "夏侯": "xia hou", "皇甫": "huang fu", "令狐": "ling hu", "慕容": "mu rong", "司徒": "si tu",
}  # fmt: skip


@cache
def _dictionary() -> ModuleType:
    """The library, whose words take a tenth of a server's start to read: only an import needs them."""
    import pypinyin  # noqa: PLC0415 - see above

    pypinyin.load_single_dict({ord("覃"): "qín"})
    return pypinyin


@lru_cache(maxsize=50_000)
def pinyin(name: str) -> str:
    """`覃佑建` → `qin you jian qyj`: what a search by letters finds, syllables first, then the initials."""
    syllables = [s.lower() for s in _syllables(name) if s.isascii() and s.isalpha()]
    return " ".join([*syllables, "".join(s[0] for s in syllables)])[:120] if syllables else ""


def _syllables(name: str) -> list[str]:
    first = name[:2] if name[:2] in _DOUBLE else name[:1] if name[:1] in _SURNAMES else ""
    head = (_DOUBLE.get(first) or _SURNAMES.get(first, "")).split()
    library = _dictionary()
    rest = library.lazy_pinyin(name[len(first) :], style=library.Style.NORMAL, errors="default")
    return [*head, *rest]
