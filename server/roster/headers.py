"""What a column is called, and so which kind of sheet one has before one.

A header is compared without spaces, line breaks, brackets and marks. Each kind of sheet has its own words,
because 姓名 or 联系电话 mean another thing in each.
"""

import re

from server.roster.cells import Cell, text

ROSTER, DORM, STAFF, PAIRS, MENU = "roster", "dorm", "staff", "pairs", "menu"
KINDS = (PAIRS, MENU, ROSTER, DORM, STAFF)

_WORDS: dict[str, dict[str, str]] = {
    ROSTER: {
        "seq": "序号 编号 序 号",
        "grade": "年级 所在年级 就读年级 年级名称 现读年级 级别",
        "class": "班级 班别 班 班次 所在班级 就读班级 年级班级 年班 班级名称 行政班 现读班级 所属班级 年级班 学生班级",
        "name": "姓名 学生姓名 名字 学生名字 学生 幼儿姓名 孩子姓名 学员姓名 学生姓名汉字 住宿生姓名",
        "sex": "性别 男女 学生性别",
        "ethnic": "民族 族别 学生民族",
        "birth": "出生年月 出生日期 出生年月日 生日 出生 出生时间 出生年月日期 学生出生日期",
        "ident": "身份证号 身份证号码 身份证 身份证件号 身份证件号码 证件号码 证件号 公民身份号码 公民身份证号 公民身份证号码 "
        "居民身份证号 居民身份证号码 学生身份证号 学生身份证号码 学生身份证 身份证编号 有效证件号码 有效证件号 学生身份证件号",
        "enrolment_no": "全国学籍号 学籍号 学籍号码 全国学籍号码 学生学籍号 学籍编号 国网学籍号 学籍",
        "student_no": "学号 学籍辅号 班内学号 校内学号 座号 座位号",
        "hukou": "户籍类型 户口性质 户口类型 户籍性质 户口 户籍 户别 户口类别 户籍类别",
        "address": "家庭住址 家庭地址 住址 现住址 地址 家庭详细地址 家庭详细住址 现居住地 居住地 详细地址 村组 居住地址 家庭现住址 "
        "现家庭住址 现住地址 家庭居住地址",
        "registered": "户籍地址 户口所在地 户籍所在地 户口地址 籍贯 出生地",
        "village": "村 行政村 所在村 村名 所属村 村居 村社区",
        "group": "组 村民小组 组别 小组 社 村组别 自然寨 自然村",
        "head": "户主 户主姓名",
        "guardian": "监护人姓名 监护人 家长姓名 家长 联系人 联系人姓名 父母姓名 监护人名字 第一监护人 第一监护人姓名 法定监护人 "
        "父母或监护人姓名 家长监护人姓名 监护人家长姓名 实际监护人 家长名字",
        "relation": "与学生关系 关系 与监护人关系 监护人关系 与本人关系 称谓 与该生关系 监护关系 与孩子关系 监护人与学生关系 "
        "家长关系 与学生的关系 家庭关系",
        "phone": "联系电话 电话 手机 手机号 手机号码 电话号码 家长电话 监护人电话 监护人联系电话 联系方式 家长联系电话 联系人电话 "
        "监护人手机 监护人手机号 监护人手机号码 家长手机 家长手机号 家庭电话 监护人联系方式 家长联系方式 联系手机 家庭联系电话 "
        "监护人联系号码 联系号码 监护人电话号码 第一监护人电话 家长手机号码 家长电话号码",
        "father": "父亲姓名 父亲 爸爸 爸爸姓名 父姓名",
        "father_phone": "父亲电话 父亲联系电话 父亲手机 父亲手机号 爸爸电话 父亲联系方式 父电话 父亲手机号码",
        "mother": "母亲姓名 母亲 妈妈 妈妈姓名 母姓名",
        "mother_phone": "母亲电话 母亲联系电话 母亲手机 母亲手机号 妈妈电话 母亲联系方式 母电话 母亲手机号码",
        "boards": "是否寄宿 寄宿 住校 是否住校 寄宿生 住宿 是否住宿 住宿情况 走读住校 住校走读 就读方式 寄宿情况 是否寄宿生 "
        "是否住校生 住校生 是否住宿生 住宿生 住校情况 走读寄宿 寄宿走读 住宿方式 是否在校寄宿 寄宿否 住校否",
        "left_behind": "是否留守 留守 留守儿童 是否留守儿童 留守情况 留守否 是否为留守儿童 是否农村留守儿童 农村留守儿童 "
        "留守学生 是否留守学生",
        "category": "困难类别 困难类型 贫困类别 贫困类型 家庭困难类别 家庭困难类型 资助类别 困难学生类别 家庭经济困难类型 "
        "家庭经济困难类别 帮扶类别 家庭类别 家庭类型 困难情况 经济困难类别 困难学生类型 资助类型 困难认定类别 特殊群体类别 "
        "家庭经济情况 贫困情况 特殊情况类别 低收入类别",
        "since": "认定时间 认定日期 认定年月",
        "is:脱贫户": "脱贫户 是否脱贫户 建档立卡 建档立卡户 是否建档立卡 脱贫家庭",
        "is:监测户": "监测户 是否监测户 监测对象 防返贫监测户 防止返贫监测对象",
        "is:低保户": "低保户 低保 是否低保 是否低保户 低保家庭",
        "is:特困供养": "特困供养 特困 是否特困 特困救助供养 特困供养人员",
        "is:孤儿": "孤儿 是否孤儿",
        "is:残疾": "残疾 是否残疾 残疾学生 残疾儿童",
        "disability": "残疾类别 残疾类型 残疾等级 残疾情况 残疾类别等级 残疾类别及等级",
        "alert": "健康状况 特异体质 过敏史 疾病史 健康提醒 病史 身体状况 特殊体质 既往病史 过敏 健康情况",
        "building": "楼栋 宿舍楼 楼号 公寓楼 宿舍楼栋",
        "room": "房间号 宿舍号 寝室号 宿舍房间 房号 寝室",
        "bed": "床位 床号 床位号 铺位",
        "note": "备注 说明 附注 其他说明 其它 其他 备注说明 备注情况",
    },
    DORM: {
        "seq": "序号 编号",
        "building": "楼栋 宿舍楼 楼号 楼 公寓 公寓楼 宿舍楼栋 栋号 栋 楼栋号 楼名 宿舍楼号 所在楼栋 楼栋名称",
        "room": "房间号 宿舍号 寝室号 寝室 宿舍 房号 房间 室号 房间编号 宿舍房间号 宿舍编号 寝室编号 所住房间",
        "bed": "床位 床号 床位号 铺位 铺号 床 床铺 铺位号 床铺号 床位编号",
        "name": "学生姓名 姓名 住宿生姓名 名字 学生 入住学生 住校生姓名 寄宿生姓名 寄宿生 住宿学生 住宿生 入住学生姓名",
        "sex": "性别 男女",
        "grade": "年级 所在年级",
        "class": "班级 班别 所在班级 年级班级 班 年班",
        "ident": "身份证号 身份证号码 身份证 身份证件号 身份证件号码 证件号码 证件号 公民身份号码 学生身份证号 学生身份证号码 居民身份证号",
        "leader": "室长 寝室长 宿舍长 舍长 是否室长 是否寝室长 是否舍长",
        "supervisor": "宿管 宿管员 管理员 生活老师 宿管老师 负责人 宿舍管理员 值班老师 生活教师 楼管",
        "phone": "联系电话 电话 家长电话",
        "note": "备注 说明",
    },
    STAFF: {
        "seq": "序号 编号",
        "name": "姓名 教师姓名 教职工姓名 老师 名字 教师 教工姓名 老师姓名 职工姓名 人员姓名 成员姓名",
        "phone": "手机号 手机 联系电话 电话 手机号码 电话号码 联系方式 手机电话 联系手机",
        "post": "职务 岗位 职位 工作岗位 现任职务 担任职务 职务岗位 行政职务 岗位名称 身份 任职",
        "classes": "任教班级 所任班级 所带班级 班级 任课班级 担任班级 任教年级班级 所教班级 授课班级 班主任班级 担任班主任班级 任班主任班级",
        "role": "角色 权限 系统角色 用户角色 系统权限 分工 平台角色 使用角色 账号角色",
        "buildings": "负责楼栋 楼栋 管理楼栋 所管楼栋 宿舍楼 负责宿舍楼 分管楼栋",
        "sex": "性别 男女",
        "ident": "身份证号 身份证号码 身份证件号 证件号码",
        "subject": "任教学科 学科 科目 任教科目",
        "note": "备注 说明",
    },
    PAIRS: {
        "seq": "序号 编号",
        "helper": "帮扶责任人 帮扶人 帮扶教师 责任人 结对教师 帮扶责任教师 帮扶老师 导师 责任教师 帮扶人姓名 帮扶教师姓名 结对帮扶责任人 "
        "帮扶责任人姓名 结对老师 包保责任人 包保教师 帮扶干部 联系教师 导师姓名 结对帮扶教师 结对人 结对教师姓名",
        "helper_phone": "联系电话 电话 手机 手机号 帮扶人电话 教师电话 手机号码 责任人电话 帮扶责任人电话 帮扶教师电话 电话号码 "
        "教师联系电话 责任人联系电话 帮扶人联系电话 联系方式 导师电话 帮扶责任人联系电话 帮扶责任人手机号",
        "name": "受助学生 学生姓名 帮扶学生 结对学生 被帮扶学生 帮扶对象 受帮扶学生姓名 受助学生姓名 姓名 学生 帮扶学生姓名 受帮扶学生 "
        "结对帮扶学生 包保学生 被帮扶学生姓名 结对学生姓名 受助对象 被帮扶人",
        "ident": "身份证号 身份证号码 身份证 学生身份证号 身份证件号 证件号码 学生身份证号码 公民身份号码 受助学生身份证号 学生身份证件号",
        "grade": "年级",
        "class": "班级 所在班级 年级班级 学生班级 年班",
        "content": "帮扶内容 帮扶措施 帮扶方式 帮扶形式 内容 措施 结对内容",
        "since": "起始日期 开始日期 结对时间 起始时间 开始时间 结对日期 帮扶起始日期 帮扶时间",
        "category": "困难类别 困难类型 资助类别",
        "address": "家庭住址 住址 家庭地址",
        "note": "备注 说明",
    },
    MENU: {
        "weekday": "星期 周几 星期几 周",
        "date": "日期 用餐日期 供餐日期 就餐日期 时间",
        "sort": "餐次 餐别 餐类",
        "dishes": "菜品 菜名 菜谱 食谱 菜单 供餐内容 菜肴 菜品名称 菜式 食谱内容 当日菜谱 菜肴名称 餐食内容",
        "ingredients": "主要食材及克重 食材及克重 主要食材 食材 带量 原料 食材用量 配料 主料 原料及用量 食材及用量 主要原料 原材料 食材明细 "
        "主要食材及用量 原料及克重 带量食材 食材重量",
        "price": "成本 单价 价格 餐标 人均成本 每餐成本 金额 每人成本 生均成本 餐费 每餐价格 人均金额 每份成本 单份成本",
        "entitled": "应就餐人数 就餐人数 应到人数 用餐人数 受益人数 应用餐人数 供餐人数 应享受人数 享受人数 应就餐 人数 应供餐人数",
        "standard": "补助标准 膳食补助标准 标准 营养餐标准 每餐标准 供餐标准",
        "note": "备注 说明",
    },
}

LOOKUP: dict[str, dict[str, str]] = {
    kind: {word: field for field, words in fields.items() for word in words.split()}
    for kind, fields in _WORDS.items()
}
KNOWN_WORDS = frozenset(word for table in LOOKUP.values() for word in table)

_PROOF_OF_ROSTER = frozenset(
    "sex ethnic birth ident enrolment_no hukou address village guardian relation phone boards left_behind "
    "category father mother grade class".split()
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】|<[^<>]*>")
_MARKS = re.compile(r"[\s*★☆※:：、，,。./\\|?？!\-_'\"“”()\[\]【】]+")


def plain(cell: Cell) -> str:
    """A header as it is compared: narrow, without spaces, marks and brackets (their content stays)."""
    return _MARKS.sub("", text(cell)) if isinstance(cell, str) else ""


def meaning(kind: str, cell: Cell) -> str:
    """The field that a header stands for in a kind of sheet, or ''."""
    words = LOOKUP[kind]
    shown = text(cell) if isinstance(cell, str) else ""
    if not shown or len(shown) > 60:
        return ""
    for candidate in (plain(shown), plain(_BRACKETS.sub("", shown))):
        for spelling in (candidate, re.sub(r"^(学生|是否|请填写|填写|必填)", "", candidate)):
            if spelling in words:
                return words[spelling]
    return ""


def columns(kind: str, row: list[Cell]) -> dict[str, int]:
    """Which column holds which field, the first of equals; unknown headers are left out."""
    found: dict[str, int] = {}
    for index, cell in enumerate(row):
        field = meaning(kind, cell)
        if field and field not in found:
            found[field] = index
    return found


def qualifies(kind: str, found: dict[str, int]) -> bool:
    """Whether these columns make a sheet of that kind."""
    fields = found.keys()
    if kind == PAIRS:
        return fields >= {"helper", "name"}
    if kind == MENU:
        return "dishes" in fields and bool(fields & {"date", "weekday"})
    if kind == DORM:
        return fields >= {"room", "name"} and bool(fields & {"bed", "building"})
    if kind == STAFF:
        return (
            "name" in fields
            and bool(fields & {"post", "role"})
            and bool(fields & {"phone", "classes", "role"})
        )
    return "name" in fields and len(fields & _PROOF_OF_ROSTER) >= 2


def recognise(row: list[Cell]) -> tuple[str, dict[str, int]] | None:
    """The kind of sheet that a header row begins, with its columns, or None if it is no header row."""
    best: tuple[int, str, dict[str, int]] | None = None
    for kind in KINDS:
        found = columns(kind, row)
        if qualifies(kind, found) and (best is None or len(found) > best[0]):
            best = (len(found), kind, found)
    return (best[1], best[2]) if best else None
