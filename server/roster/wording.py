"""The sentences of an import: for each code of a doubt what was done, for each tidying what it was."""

from typing import Any

from server.text import _, fmt


def sentence(code: str, params: dict[str, Any]) -> str:
    """What was done about a doubtful cell, as a person reads it."""
    return fmt(doubts()[code], **params)


def doubts() -> dict[str, str]:
    """Code → what was done. A function, because the language is the reader's."""
    return {
        "ident_check": _("最后一位对不上，照原样导入并标记待核"),
        "ident_shape": _("不是18位身份证号，照原样导入并标记待核"),
        "ident_birth": _("里面的生日不是一个日期，照原样导入并标记待核"),
        "ident_float": _("Excel把它当成数字，后几位已经丢失，照原样导入并标记待核"),
        "ident_missing": _("没有身份证号，按姓名和班级认人，标记待核"),
        "ident_unreadable": _("读不出身份证号，按姓名和班级认人，标记待核"),
        "ident_same_name": _("同班同名，证号不同，按两个人导入"),
        "enrolment_other": _("学籍号和身份证号对不上，照原样导入"),
        "birth_other": _("和身份证号里的{ident}不同，按表里的{value}导入并标记待核"),
        "birth_from_ident": _("只写到月，日期按身份证号取{value}，证号待核，一并标记"),
        "birth_unreadable": _("读不出日期，按身份证号取{value}并标记待核"),
        "birth_unknown": _("日期不完整，没有导入，原文记入备注并标记待核"),
        "date_unreadable": _("读不出日期，没有导入"),
        "date_short_year": _("年份只有两位，读作{value}"),
        "date_order": _("月和日分不清，按月在前读作{value}并标记待核"),
        "date_float": _("Excel把它当成数字，1月还是10月分不清，标记待核"),
        "sex_other": _("和身份证号不同，按表里写的导入并标记待核"),
        "sex_from_ident": _("读不出性别，按身份证号取{value}并标记待核"),
        "sex_unreadable": _("读不出性别，没有导入"),
        "name_remark": _("姓名旁的文字记入备注：{remark}"),
        "name_odd": _("姓名里有不常见的字符，照原样导入并标记待核"),
        "row_without_name": _("这一行没有姓名，没有导入"),
        "class_unclear": _("读不出年级和班级，没有导入这一格，标记待核"),
        "class_missing": _("只读出年级，没有班级，标记待核"),
        "grade_other": _("年级和班级不一致，按班级取{value}并标记待核"),
        "yes_unclear": _("看不出是或否，没有导入，标记待核"),
        "yes_remark": _("读作“{value}”，旁边的文字没有导入"),
        "category_unknown": _("不认识的类别，照原样导入并标记待核"),
        "home_differs": _("和同一户的第{row}行不同，按第{row}行的“{value}”导入"),
        "cell_emptied": _("这一格空了，系统里保留原来的“{value}”"),
        "category_several": _("写了多个类别，按“{value}”导入，其余记入备注"),
        "category_old": _("旧称，读作“{value}”"),
        "phone_remark": _("号码取{value}，其余文字和号码记入备注"),
        "phone_wrong": _("位数不对，照原样导入并标记待核"),
        "phone_unreadable": _("读不出号码，原文记入备注并标记待核"),
        "phone_missing": _("没有电话，标记待核"),
        "phone_shared": _("{n}个不同监护人的学生写了同一个号码，照原样导入，不当作一户"),
        "guardian_missing": _("没有监护人姓名，标记待核"),
        "address_missing": _("没有住址，标记待核"),
        "note_alert": _("备注里有健康情况，另记为健康提醒，宿管也看得到"),
        "duplicate": _("和第{row}行是同一个人，合成一人"),
        "duplicate_differs": _("和第{row}行是同一个人，但这一格不同，按第{row}行的“{value}”导入"),
        "duplicate_elsewhere": _(
            "和{file}“{sheet}”第{row}行是同一个人，但这一格不同，按那一行的“{value}”导入"
        ),
        "duplicate_elsewhere_same": _("和{file}“{sheet}”第{row}行是同一个人，合成一人"),
        "total_differs": _("合计写{written}，这张表读出{rows}行，共{people}人，按读出的导入"),
        "sheet_skipped": _("看不出是什么表，没有导入这张工作表"),
        "sheet_hidden": _("这张工作表是隐藏的，没有导入"),
        "formula_empty": _("公式没有算好的结果，当作空格"),
        "column_unknown": _("不认识这一列，没有导入"),
        "column_not_kept": _("系统不保存这一列，没有导入"),
        "bed_unknown_pupil": _("名册里没有这名学生，床位空着"),
        "bed_ambiguous": _("名册里有{n}名同名学生，又没有证号，床位空着"),
        "bed_name_other": _("证号是{value}的，按证号安排"),
        "bed_taken": _("这个床位第{row}行已经安排给{value}，没有再安排"),
        "bed_twice": _("这名学生第{row}行已经有床位，按第{row}行"),
        "bed_not_boarding": _("名册里写的不是寄宿生，仍按这张表安排床位"),
        "bed_other_sex": _("{building}住的多是{value}生，仍按这张表安排床位"),
        "room_missing": _("没有房间号，没有导入"),
        "boarder_without_bed": _("名册里是寄宿生，宿舍表里没有床位"),
        "staff_no_phone": _("没有可用的手机号，不能开账号，其余照导"),
        "staff_twice": _("和第{row}行是同一个人，合成一人"),
        "staff_same_name": _("和第{row}行同名，手机号不同，按两个人导入"),
        "role_from_post": _("角色空着，按职务给“{value}”"),
        "role_unknown": _("不认识的角色，没有给权限"),
        "role_none": _("看不出角色，没有给权限"),
        "canteen": _("食堂人员不能当膳食委员，没有给这项权限"),
        "pupil_member": _("学生不开账号，没有导入"),
        "role_above": _("学校名册不能给上级单位的权限，没有给"),
        "classes_missing": _("班主任没有写班级，先没有班"),
        "classes_several": _("班主任写了多个班，只给第一个{value}"),
        "classes_unreadable": _("读不出班级，没有导入这一格"),
        "class_without_pupils": _("名册里没有{value}，照原样导入"),
        "house_missing": _("这张表没有写楼栋，都记在“宿舍楼”下面，请核对"),
        "building_missing": _("宿管没有写楼栋，在办公室定下以前看得到全部楼栋"),
        "building_unknown": _("宿舍表里没有这栋楼，没有导入这一格"),
        "pair_helper_unknown": _("教职工名册里没有这个人，没有导入这一对"),
        "pair_helper_ambiguous": _("教职工里有{n}人同名，又没有手机号，没有导入这一对"),
        "pair_helper_other": _("手机号是{value}的，按手机号认人"),
        "pair_phone_other": _("和教职工名册里的号码不同，按姓名认人"),
        "pair_pupil_unknown": _("名册里没有这名学生，没有导入这一对"),
        "pair_pupil_ambiguous": _("名册里有{n}名同名学生，又没有证号，没有导入这一对"),
        "pair_name_other": _("证号是{value}的，按证号认人"),
        "pair_twice": _("和第{row}行是同一对，算一次"),
        "meal_no_date": _("没有日期，没有导入这一餐"),
        "meal_date_from_weekday": _("没有日期，按标题和星期取{value}"),
        "meal_weekday": _("和日期{value}的星期不一致，按日期导入"),
        "meal_sort": _("看不出餐次，当作午餐"),
        "meal_amount": _("看不出用量，只记了名称"),
        "meal_price": _("读不出金额，没有导入"),
        "meal_entitled": _("读不出人数，没有导入"),
        "meal_twice": _("和第{row}行是同一餐，合在一起"),
    }


def tidied(code: str) -> str:
    """What was put in order, as a person reads it."""
    return {
        "date_text": _("日期的各种写法"),
        "date_day_from_ident": _("只写到月的出生日期，日取自身份证号"),
        "name_spaces": _("姓名前后和中间的空格"),
        "phone_text": _("电话里的空格、全角数字和数字格式"),
        "ident_case": _("身份证号里的小写x和空格"),
        "yes_word": _("打勾、“住校”等读作“是”"),
        "no_word": _("“走读”“/”和空格读作“否”"),
        "class_together": _("年级和班级合成标准班名"),
        "filled_down": _("合并或空着的格，取上面的值"),
        "category_word": _("困难类别的各种叫法"),
        "class_from_title": _("班级取自表名或标题"),
        "total_row": _("合计、签字、标题和空行没有当作学生"),
    }[code]


def columns_word(kind: str) -> str:
    """What a sheet is, as a person calls it."""
    return {
        "roster": _("学生花名册"),
        "dorm": _("宿舍安排"),
        "staff": _("教职工名册"),
        "pairs": _("结对帮扶"),
        "menu": _("食谱"),
    }[kind]
