"""What the demo's people wrote in the records that wait at its office. All of them are fictional."""

from __future__ import annotations

from typing import Any

WAITING: tuple[dict[str, Any], ...] = (
    {
        "result": "met_guardian",
        "reason": ["routine", "care"],
        "met": ["grandparent", "pupil"],
        "difficulty": ["family", "study"],
        "commute": 35,
        "home_env": ["study_place", "hazard_way"],
        "home_fb": "爷爷说孩子周末自己写作业，就是夜里想妈妈，电话打通了才肯睡。",
        "school_fb": "上课能跟上，数学应用题还不敢问人。",
        "actions": "每周五下午在学校和妈妈视频一次，由班主任安排。",
        "danger": False,
    },
    {
        "result": "met_guardian",
        "reason": ["hardship"],
        "met": ["mother"],
        "carer": "one_away",
        "difficulty": ["money"],
        "policy": ["living", "meals"],
        "aid_ok": "not_arrived",
        "home_fb": "妈妈一个人种五亩苞谷，弟弟还小，孩子回家先做饭。",
        "opinion": "希望补助早点到卡上。",
        "actions": "找资助办查补助到哪一步了，周五前给家里回话。",
        "problems": [{"category": "aid", "severity": "serious", "text": "生活补助还没有到账"}],
        "danger": False,
    },
    {
        "result": "nobody_home",
        "reason": ["routine"],
        "note": "门锁着，隔壁说一家去镇上赶集，傍晚才回。",
        "next_in_days": 5,
        "danger": False,
    },
)
"""Home visits by other teachers; in the first, two who went disagree about the carer."""

SENT_BACK: dict[str, Any] = {
    "result": "met_guardian",
    "reason": ["routine", "study"],
    "met": ["grandparent", "pupil"],
    "carer": "both_away",
    "difficulty": ["study"],
    "commute": 45,
    "home_fb": "孩子先喂猪再写作业，常常写到九点，奶奶不识字，帮不上忙。",
    "school_fb": "上课认真，语文生字掉得多。",
    "actions": "加强辅导。",
    "danger": False,
}
"""The demo teacher's visit that came back: the family's opinion is missing, the measure says nothing."""

ABSENT: dict[str, Any] = {"where": "home"}

COUNTS: dict[str, Any] = {
    "meal": "lunch",
    "mode": "canteen",
    "unified": ["recruit", "purchase", "allocate"],
    "entitled": 304,
    "eaters": 298,
    "served": 300,
    "staff": {"count": 18, "paid": 144},
    "standard": 5,
    "spend": 1532.4,
}
"""Part A of the meal audit, without its menu."""

SEEN: dict[str, Any] = {
    "seen_menu": "adjusted",
    "seen_count": 286,
    "counted": "whole",
    "escort": "present",
    "hold": 45,
    "leftover": {"kg": 12.5, "goes_to": "feed"},
    "illness": 0,
    "taste": {"looks": 4, "flavour": 4, "warmth": 2, "amount": 3},
    "pupils": {"asked": 10, "satisfied": 7, "hungry": 2},
    "verdict": "fair",
    "note": "最后一个班打到的菜已经凉了。",
    "problems": [{"category": "sample_temp", "severity": "serious", "text": "最后一盆菜不到70度，没有回锅"}],
}
"""A parent's part B, without what is measured dish by dish."""

DEGREES, SAMPLED = (82, 62, 76, 88), (140, 110, 130, 150)
"""℃ in the middle and grams kept, dish by dish: one too cold, one too little."""

HYGIENE = {"separate": "fail", "frozen": "unseen"}
"""What of the list is not in order; the rest is."""
