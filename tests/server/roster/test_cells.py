"""Cells mean what people meant by them, and no cell breaks the reading."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.roster import cells, classes, dates, idents, words
from server.roster.spelling import pinyin
from tests.server.roster.books import TODAY, ident

ANY = st.one_of(
    st.text(max_size=40),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.none(),
    st.text(alphabet="0123456789xX年月日/-.()（）班级一二三√是否 　", max_size=24),
)


@given(ANY)
@example(1 / 3)  # 0.3333333333333333: no month and no day, whatever the year
def test_no_cell_breaks_a_parser(cell: cells.Cell) -> None:
    cells.name(cell)
    cells.yes(cell)
    cells.phones(cell)
    cells.amount(cell)
    dates.when(cell, TODAY)
    idents.ident(cell)
    classes.place(cell, cell, 2026)
    classes.several(cell, 2026)
    words.category(cell)
    words.roles(cell, cell)
    assert "\0" not in cells.text(cell)


@given(st.dates(date(1990, 1, 1), date(2026, 11, 20)))
def test_a_date_is_the_same_however_it_is_written(day: date) -> None:
    ways = [
        day,
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}",
        f"{day:%Y%m%d}",
        float(f"{day:%Y%m%d}"),
        float((day - date(1899, 12, 30)).days),
        f"　{day.year}-{day.month}-{day.day} 00:00:00",
        "".join(chr(ord(c) + 0xFEE0) for c in f"{day.year}/{day.month}/{day.day}"),
    ]
    for way in ways:
        read = dates.when(way, TODAY)
        assert read is not None
        assert (read.whole(), read.doubt) == (day, ""), way


@pytest.mark.parametrize(
    ("written", "meant", "doubt"),
    [
        ("2019年6月", None, ""),
        ("19.6.5", date(2019, 6, 5), "date_short_year"),
        ("二〇一九年十二月二十五日", date(2019, 12, 25), ""),
        ("5/6/2019", date(2019, 5, 6), "date_order"),
        ("26/6/2019", date(2019, 6, 26), ""),
        ("2019年6月31日", None, "date_unreadable"),
        (2019.1, None, "date_float"),
    ],
)
def test_odd_dates(written: cells.Cell, meant: date | None, doubt: str) -> None:
    read = dates.when(written, TODAY)
    assert read is not None
    assert (read.whole(), read.doubt) == (meant, doubt)


@given(st.integers(0, 10**11 - 1))
def test_a_phone_number_survives_excel_and_spaces(tail: int) -> None:
    number = str(10**10 + tail % 10**10)
    for way in (
        number,
        float(number),
        f"{number}.0",
        f"{number[:3]} {number[3:7]} {number[7:]}",
        f"{number[:3]}-{number[3:7]}-{number[7:]}",
        f"+86 {number}",
        "".join(chr(ord(c) + 0xFEE0) for c in number),
    ):
        assert cells.phones(way).number == number, way


def test_what_stands_beside_a_number_is_kept() -> None:
    read = cells.phones("17770894865(爷爷)")
    assert (read.number, read.remark, read.doubt) == ("17770894865", "爷爷", "phone_remark")
    two = cells.phones("父13812345678 母13912345678")
    assert (two.number, two.others) == ("13812345678", ("13912345678",))
    assert cells.phones("1381234567").doubt == "phone_wrong"
    assert cells.phones("家里没有").doubt == "phone_unreadable"


@pytest.mark.parametrize(
    "word", ["√", "✓", "是", "Y", "y", "有", "住校", "寄宿", 1.0, "1", "TRUE", "☑是□否", " 是 ", "父母均外出"]
)
def test_yes(word: cells.Cell) -> None:
    assert cells.yes(word) == (True, "")


@pytest.mark.parametrize("word", ["否", "无", "×", "走读", "/", "", None, 0.0, "N", "□是☑否", "－", "非留守"])
def test_no(word: cells.Cell) -> None:
    assert cells.yes(word) == (False, "")


def test_what_is_neither_is_said_to_be_neither() -> None:
    assert cells.yes("半住") == (None, "yes_unclear")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" 邓洛福", "邓洛福"),
        ("于 秀", "于秀"),
        ("王　小　二", "王小二"),
        ("阿依古丽 · 买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("\u200b李四\u00a0", "李四"),
        ("张三(转走)", "张三"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_names(written: str, name: str) -> None:
    assert cells.name(written).name == name


@given(st.integers(0, 999), st.dates(date(2005, 1, 1), date(2020, 12, 31)))
def test_one_wrong_digit_of_an_id_number_is_noticed(order: int, born: date) -> None:
    good = ident(f"{born:%Y%m%d}", order)
    read = idents.ident(f" {good.lower()} ")
    assert (read.number, read.doubt, read.birth) == (good, "", born)
    assert read.sex == ("男" if order % 2 else "女")
    wrong = good[:10] + str((int(good[10]) + 1) % 10) + good[11:]
    assert idents.ident(wrong).doubt == "ident_check"
    assert idents.ident(wrong).number == wrong


def test_id_numbers_that_excel_or_people_damaged() -> None:
    assert idents.ident(9.94303201906260e17).doubt == "ident_float"
    assert idents.ident("99430320190626005").doubt == "ident_shape"
    assert idents.ident("").doubt == "ident_missing"


@pytest.mark.parametrize(
    ("grade", "class_", "meant"),
    [
        ("三年级", "(2)班", "三(2)班"),
        (3.0, "（2）班", "三(2)班"),
        ("三", "二班", "三(2)班"),
        ("", "三年级(2)班", "三(2)班"),
        ("", "三年级二班", "三(2)班"),
        ("", "3.2班", "三(2)班"),
        ("", 3.2, "三(2)班"),
        ("", "三2班", "三(2)班"),
        ("", "302", "三(2)班"),
        ("", "2024级2班", "三(2)班"),
        ("2024级", 2.0, "三(2)班"),
        ("三年级", "12班", "三(12)班"),
        ("三年级", "三（2）班", "三(2)班"),
        ("", "初一(3)班", "七(3)班"),
    ],
)
def test_classes(grade: cells.Cell, class_: cells.Cell, meant: str) -> None:
    assert classes.place(grade, class_, 2026).class_ == meant


def test_classes_in_titles() -> None:
    for title in ("三年级(2)班学生花名册", "石门小学2026年秋季三年级2班花名册", "三2班", "2024级(2)班名单"):
        found = classes.within(title, 2026)
        assert found is not None
        assert found.class_ == "三(2)班", title
    assert classes.within("石门乡中心小学学生花名册", 2026) is None


@pytest.mark.parametrize(
    ("role", "post", "roles", "doubt"),
    [
        ("膳食委员会", "家长代表", {"parent"}, ""),
        ("膳食委员会", "食堂管理员", set(), "canteen"),
        ("膳食委员会", "科任教师", {"committee", "teacher"}, ""),
        ("膳食委员会", "学生代表", set(), "pupil_member"),
        ("教师", "班主任", {"class_teacher", "teacher"}, ""),
        ("资助办", "德育主任", {"office"}, ""),
        ("县教育局", "局长", set(), "role_above"),
        ("", "校长", {"principal"}, "role_from_post"),
        ("", "门卫", set(), "role_none"),
        ("吉祥物", "教师", set(), "role_unknown"),
    ],
)
def test_the_post_decides_what_the_role_does_not(role: str, post: str, roles: set[str], doubt: str) -> None:
    found, code, _column = words.roles(role, post)
    assert (found, code) == (roles, doubt)


@pytest.mark.parametrize(
    ("written", "category", "doubt"),
    [
        ("脱贫户", "脱贫户", ""),
        ("五保", "特困供养", ""),
        ("边缘易致贫户", "监测户", ""),
        ("建档立卡", "脱贫户", "category_old"),
        ("", "无", ""),
        ("/", "无", ""),
        ("低保户、残疾", "低保户", "category_several"),
        ("烈士子女", "烈士子女", "category_unknown"),
    ],
)
def test_categories(written: str, category: str, doubt: str) -> None:
    found, _others, code = words.category(written)
    assert (found, code) == (category, doubt)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("覃佑建", "qin you jian qyj"),
        ("单小雨", "shan xiao yu sxy"),
        ("仇英", "qiu ying qy"),
        ("曾国", "zeng guo zg"),
        ("欧阳明", "ou yang ming oym"),
        ("阿依古丽·买买提", "a yi gu li mai mai ti ayglmmt"),
    ],
)
def test_pinyin_reads_surnames_as_surnames(name: str, letters: str) -> None:
    assert pinyin(name) == letters
