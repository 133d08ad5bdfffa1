"""Rosters are read by what their columns mean: the school's own, and those that other schools would send."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from server.roster.actions import figures
from server.roster.book import Book, read_files
from server.roster.known import Known
from server.roster.link import link
from server.roster.report import inert
from tests.server.roster.books import (
    DATA,
    HEADER,
    TODAY,
    File,
    as_csv,
    as_xls,
    four,
    ident,
    pupil,
    roster,
    xlsx,
)

EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text("utf-8"))


def counted(book: Book) -> dict[str, Any]:
    """The figures of a book read into an empty school."""
    found = figures("", book, link(book, Known("school")), {})
    return {key: found[key] for key in EXPECTED}


def doubts(book: Book) -> Counter[str]:
    return Counter(problem.code for problem in book.notes.problems)


@pytest.mark.parametrize(
    "files",
    [
        four(),
        as_xls(),
        as_csv("gbk"),
        as_csv("gb18030", "\t"),
        as_csv("utf-8-sig", ";"),
        as_csv("utf-8"),
        as_csv("utf-16"),
        as_csv("gbk", one_a_workbook=True),
    ],
    ids=["xlsx", "xls", "gbk", "gb18030 tabs", "utf-8 bom", "utf-8", "utf-16", "sheets below each other"],
)
def test_the_four_workbooks_give_the_same_figures_in_every_format(files: list[File]) -> None:
    book = read_files(files, TODAY)
    assert counted(book) == EXPECTED
    assert doubts(book)["ident_check"] == 5
    assert doubts(book)["phone_remark"] == 5
    assert doubts(book)["guardian_missing"] == 7


def test_each_doubtful_cell_says_where_it_is_what_was_there_and_what_was_done() -> None:
    book = read_files(four(), TODAY)
    wrong = next(p for p in book.notes.problems if p.was == "997122201912188863").shown()
    assert (wrong["file"], wrong["sheet"], wrong["row"], wrong["column"]) == (
        "学生花名册.xlsx",
        "花名册",
        31,
        "H 身份证号码",
    )
    assert "标记" in wrong["done"]
    canteen = next(p for p in book.notes.problems if p.code == "canteen")
    assert (canteen.who, canteen.was) == ("孔欣玛", "食堂管理员")
    total = next(p for p in book.notes.problems if p.code == "total_differs")
    assert (total.row, "305" in total.done()) == (317, True)


def test_flagged_numbers_are_masked_where_others_look() -> None:
    book = read_files(four(), TODAY)
    wrong = next(p for p in book.notes.problems if p.code == "ident_check")
    assert wrong.masked()["was"] == "****8863"


def test_people_get_what_their_post_gives() -> None:
    people = {person.name: person for person in read_files(four(), TODAY).people}
    assert people["戴达洛"].roles == {"class_teacher", "teacher"}
    assert people["戴达洛"].classes == ["一(1)班"]
    assert people["雷娟"].roles == {"parent"}
    assert people["孔欣玛"].roles == set()
    assert people["贾丽"].phone == "18034303938"


def test_a_menu_has_dishes_foods_and_money() -> None:
    meal = read_files(four(), TODAY).meals[4]
    assert (meal.date, meal.sort, meal.price, meal.entitled) == ("2026-11-20", "lunch", 4.97, 304)
    assert meal.dishes == ["牛奶", "煮鸡蛋", "肉包"]
    assert (meal.ingredients[0].name, meal.ingredients[0].amount, meal.ingredients[0].unit) == (
        "纯牛奶",
        200,
        "ml",
    )


# --- rosters that are written otherwise -------------------------------------------------------------------


def test_a_header_s_upper_row_may_say_that_it_only_groups() -> None:
    """监护人信息 over 姓名 is the guardian's name, not a second column of the pupil's."""
    rows = [
        ["序号", "学生基本信息", "", "", "监护人信息", "", "", "住宿情况"],
        ["", "姓名", "性别", "班级", "姓名", "关系", "联系方式", "是否寄宿"],
        [1, "赵一", "男", "三年级1班", "赵大", "父子", "13800000011", "寄宿"],
    ]
    merges = [(0, 1, 0, 3), (0, 4, 0, 6)]
    book = read_files([("a.xlsx", xlsx({"名册": rows}, merges))], TODAY)
    (one,) = book.pupils
    (guardian,) = one.guardians or [None]
    assert guardian
    assert (one.name, one.class_, one.boards) == ("赵一", "三(1)班", True)
    assert (guardian.name, guardian.relation, guardian.phone) == ("赵大", "父子", "13800000011")
    assert doubts(book)["column_unknown"] == 0


def test_a_dormitory_s_title_names_its_building() -> None:
    rows = [["女生楼住宿安排表"], ["宿舍号", "床号", "学生姓名"], ["101", "1", "钱二"]]
    book = read_files([("a.xlsx", xlsx({"宿舍": rows}))], TODAY)
    assert {bed.building for bed in book.beds} == {"女生楼"}


def test_a_dormitory_without_a_building_says_so() -> None:
    rows = [["宿舍号", "床号", "学生姓名"], ["101", "1", "钱二"]]
    book = read_files([("a.xlsx", xlsx({"住宿": rows}))], TODAY)
    assert {bed.building for bed in book.beds} == {"宿舍楼"}
    assert "house_missing" in {problem.code for problem in book.notes.problems}


def test_one_sheet_a_class_with_two_header_rows() -> None:
    """No class column: it is the sheet's name or in its title; the header has two merged rows."""
    header = [
        ["某小学学生基本情况表"],
        ["编号", "学生信息", "", "", "", "监护人", "", "", "困难类别", "", "", "寄宿生"],
        [
            "",
            "名字",
            "男/女",
            "公民身份\n号码",
            "生日",
            "姓 名",
            "称谓",
            "手机",
            "脱贫户",
            "低保户",
            "残疾",
            "",
        ],
    ]

    def rows(first: int) -> list[list[Any]]:
        return [
            [
                n,
                f"赵{n}",
                "男",
                "",
                "2018.5.6",
                "赵父",
                "爸爸",
                13600000000 + n,
                "√" if n % 2 else "",
                "",
                "",
                "√",
            ]
            for n in range(first, first + 3)
        ]

    named = {
        "三年级1班": [*header, *rows(1), ["合计", "3人"]],
        "三2班": [*header, *rows(11)],
        "2023级(1)班": [*header, *rows(21), ["班主任签字：", ""]],
    }
    merges = [(0, 0, 0, 11), (1, 0, 2, 0), (1, 1, 1, 4), (1, 5, 1, 7), (1, 8, 1, 10), (1, 11, 2, 11)]
    book = read_files([("全校.xlsx", xlsx(named, merges))], TODAY)
    assert Counter(p.class_ for p in book.pupils) == {"三(1)班": 3, "三(2)班": 3, "四(1)班": 3}
    first = book.pupils[0]
    assert (first.name, first.sex, first.birth, first.boards, first.category) == (
        "赵1",
        "male",
        "2018-05-06",
        True,
        "脱贫户",
    )
    assert first.guardians is not None
    assert (first.guardians[0].name, first.guardians[0].relation, first.phone) == (
        "赵父",
        "爸爸",
        "13600000001",
    )
    assert "total_differs" not in doubts(book)


def test_classes_below_each_other_in_one_sheet() -> None:
    header = ["姓名", "性别", "证件号码", "家长", "联系方式"]
    rows = [
        ["2026年秋季学期"],
        ["三年级(1)班花名册"],
        header,
        ["钱一", "男", ident("20180101", 1), "钱父", "13600000001"],
        ["三年级(2)班花名册"],
        header,
        ["钱二", "女", ident("20180102", 2), "钱母", "13600000002"],
        ["钱三", "男", ident("20180103", 3), "钱母", "13600000003"],
        ["填表人：", "", "校长（签章）："],
    ]
    book = read_files([("名册.xlsx", xlsx({"Sheet1": rows}))], TODAY)
    assert [(p.name, p.class_) for p in book.pupils] == [
        ("钱一", "三(1)班"),
        ("钱二", "三(2)班"),
        ("钱三", "三(2)班"),
    ]


def test_merged_and_blank_cells_take_what_stands_above() -> None:
    rows = [
        HEADER,
        pupil(1),
        pupil(2, 年级="", 班级=""),
        pupil(3, 年级="", 班级="(3)班"),
        pupil(4, 年级="", 班级=""),
    ]
    book = read_files([("名册.xlsx", xlsx({"花名册": rows}))], TODAY)
    assert [p.class_ for p in book.pupils] == ["三(2)班", "三(2)班", "三(3)班", "三(3)班"]


def test_parents_in_columns_of_their_own() -> None:
    header = ["学生姓名", "班级", "父亲姓名", "父亲电话", "母亲姓名", "母亲电话", "家庭详细地址"]
    rows = [
        header,
        ["孙一", "3.2班", "孙父", 13600000001.0, "李母", "136 0000 0002(在外)", "石门乡大坪村三组12号"],
    ]
    one = read_files([("名册.xlsx", xlsx({"x": rows}))], TODAY).pupils[0]
    assert one.guardians is not None
    assert [(g.name, g.relation, g.phone) for g in one.guardians] == [
        ("孙父", "父亲", "13600000001"),
        ("李母", "母亲", "13600000002"),
    ]
    assert (one.village, one.group, one.class_) == ("大坪村", "三组", "三(2)班")
    assert "在外" in (one.note or "")


def test_a_name_and_a_number_in_one_cell_and_a_second_guardian() -> None:
    header = ["班级名称", "学生姓名（必填）", "监护人及电话", "第二监护人", "备用电话", "现住址", "留守情况"]
    row = ["2024级1班", "张一", "张大 13800000001", "李二", "138 0000 0002", "大坪镇石门村委会三组", "非留守"]
    one = read_files([("名册.xlsx", xlsx({"x": [header, row]}))], TODAY).pupils[0]
    assert one.guardians is not None
    assert [(g.name, g.phone) for g in one.guardians] == [("张大", "13800000001"), ("李二", "13800000002")]
    assert (one.class_, one.village, one.group, one.left_behind) == ("三(1)班", "石门村", "三组", False)


def test_the_enrolment_systems_own_export() -> None:
    header = "学籍主号 姓名 性别代码 出生日期 身份证件类型 身份证件号 班级名称 就读方式"
    header += " 成员1姓名 成员1关系 成员1联系电话"
    number = ident("20180304", 11)
    row = [
        f"G{number}",
        "张一",
        "男",
        "20180304",
        "居民身份证",
        number,
        "2024级1班",
        "走读",
        "张大",
        "父亲",
        1.38e10,
    ]
    one = read_files([("导出.xlsx", xlsx({"x": [header.split(), row]}))], TODAY).pupils[0]
    assert (one.ident, one.enrolment_no, one.boards, one.phone) == (
        number,
        f"G{number}",
        False,
        "13800000000",
    )


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(len(HEADER))), st.integers(0, 6))
def test_columns_in_any_order_below_any_titles(order: list[int], titles: int) -> None:
    rows = [[f"石门小学表{n}"] for n in range(titles)]
    rows += [[row[i] for i in order] for row in [HEADER, *(pupil(n) for n in range(1, 6))]]
    text = "\n".join(",".join(str(cell) for cell in row) for row in rows)
    book = read_files([("名册.csv", text.encode("gbk"))], TODAY)
    assert [(p.name, p.class_, p.boards, p.phone) for p in book.pupils] == [
        (f"王小{'一二三四五六七八九'[n % 9]}", "三(2)班", True, str(13700000000 + n)) for n in range(1, 6)
    ]
    assert not book.notes.problems


def test_the_same_pupil_twice_is_one_and_what_differs_is_said() -> None:
    rows = [
        pupil(1),
        pupil(1, 联系电话="13999999999"),
        pupil(2, "王小明"),
        pupil(2, "王小明", 身份证号="", 备注="转入"),
    ]
    book = read_files([roster(rows)], TODAY)
    assert [p.name for p in book.pupils] == ["王小二", "王小明"]
    assert book.pupils[0].phone == "13700000001"
    differs = [p for p in book.notes.problems if p.code == "duplicate_differs"]
    assert [(p.row, p.was) for p in differs] == [(3, "13999999999")]
    assert book.pupils[1].note == "转入", "what the second row adds is kept"


def test_namesakes_in_a_class_stay_two() -> None:
    book = read_files([roster([pupil(1, "王小明"), pupil(2, "王小明")])], TODAY)
    assert len(book.pupils) == 2
    assert doubts(book)["ident_same_name"] == 1


def test_birth_and_sex_are_held_against_the_number() -> None:
    rows = [pupil(1, 出生日期="2017-01-01"), pupil(2, 性别="男"), pupil(3, 性别="")]
    book = read_files([roster(rows)], TODAY)
    first, second, third = book.pupils
    assert (first.birth, first.to_check) == ("2017-01-01", {"birth"})
    assert (second.sex, second.to_check) == ("male", {"sex"})
    assert (third.sex, third.to_check) == ("male", {"sex"})


def test_a_row_without_a_name_and_an_unknown_column_are_said() -> None:
    rows = [[*HEADER, "爱好"], [*pupil(1), "足球"], [*pupil(2, 姓名=" "), ""]]
    book = read_files([("名册.xlsx", xlsx({"花名册": rows}))], TODAY)
    assert len(book.pupils) == 1
    assert doubts(book)["row_without_name"] == 1
    assert any(p.code == "column_unknown" and p.column == "N 爱好" for p in book.notes.problems)


def test_dormitories_fill_down_and_split_what_is_written_together() -> None:
    rows = [
        ["宿舍号", "铺位", "姓名"],
        ["2号楼101室", "1号床", "甲"],
        ["", "2号床", "乙"],
        ["2号楼102室", 1.0, "丙"],
    ]
    book = read_files([("宿舍.xlsx", xlsx({"宿舍": rows}))], TODAY)
    assert [(b.building, b.room, b.bed, b.name) for b in book.beds] == [
        ("2号楼", "101", "1", "甲"),
        ("2号楼", "101", "2", "乙"),
        ("2号楼", "102", "1", "丙"),
    ]


def test_a_menu_of_one_row_a_dish_and_without_dates() -> None:
    rows = [
        ["石门小学食谱（2026年11月16日—20日）"],
        ["周几", "餐别", "菜名", "原料", "餐标"],
        ["星期一", "午餐", "土豆烧鸡", "鸡肉70克，土豆90g", "5元"],
        ["", "", "米饭", "大米 120克", ""],
        ["星期二", "早餐", "鸡蛋面", "鸡蛋适量", ""],
    ]
    book = read_files([("食谱.xlsx", xlsx({"食谱": rows}))], TODAY)
    first, second = book.meals
    assert (first.date, first.sort, first.dishes, first.price) == (
        "2026-11-16",
        "lunch",
        ["土豆烧鸡", "米饭"],
        5,
    )
    assert [(f.dish, f.name, f.amount) for f in first.ingredients] == [
        ("土豆烧鸡", "鸡肉", 70),
        ("土豆烧鸡", "土豆", 90),
        ("米饭", "大米", 120),
    ]
    assert (second.date, second.sort) == ("2026-11-17", "breakfast")
    assert doubts(book)["meal_amount"] == 1


def test_a_formula_without_a_result_is_said() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("花名册")
    for column, (header, cell) in enumerate(zip(HEADER, pupil(1), strict=True)):
        sheet.write(0, column, header)
        sheet.write(1, column, cell)
    sheet.write_formula(1, 12, '=A1&"x"', None, "")
    book.close()
    read = read_files([("名册.xlsx", buffer.getvalue())], TODAY)
    assert [(p.code, p.row, p.column) for p in read.notes.problems] == [("formula_empty", 2, "M")]


@given(st.text(max_size=20))
def test_no_cell_of_a_report_is_a_formula(text: str) -> None:
    for start in ("=", "+", "-", "@", "\t", "＝", "＠"):
        assert inert(start + text)[0] == "'"


def test_dates_of_the_menu_are_dates() -> None:
    assert all(date.fromisoformat(meal.date).weekday() < 5 for meal in read_files(four(), TODAY).meals)
