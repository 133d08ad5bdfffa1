"""Reading a week's menu with amounts (带量食谱): one row a meal, or one row a dish."""

import re
from datetime import date, timedelta

from server.roster import cells, dates
from server.roster.cells import text
from server.roster.grid import Row, Table
from server.roster.notes import Notes
from server.roster.records import Ingredient, Meal

_SORTS = {
    "早": "breakfast",
    "加": "snack",
    "点": "snack",
    "奶": "snack",
    "午": "lunch",
    "中": "lunch",
    "晚": "dinner",
}
_WEEKDAYS = "一二三四五六日"
_UNITS = {
    "克": "g", "G": "g", "千克": "kg", "公斤": "kg", "KG": "kg",
    "毫升": "ml", "ML": "ml", "升": "l", "L": "l",
}  # fmt: skip
_SEPARATOR = re.compile(r"[、,，;；\n+＋]+|(?<=[a-zA-Z克升个枚])\s+|。")
_INGREDIENT = re.compile(
    r"(?P<name>[^\d:：]+?)\s*[:：]?\s*(?P<amount>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>千克|公斤|毫升|kg|ml|克|g|升|l|斤|两|个|枚|盒|袋|瓶|片|只)?",
    re.IGNORECASE,
)


def read(table: Table, notes: Notes, today: date, year: int) -> list[Meal]:
    """The meals of a menu; rows of the same day and sort are one meal."""
    monday = _week(table, today, year)
    meals: dict[tuple[str, str], Meal] = {}
    day = ""
    above: dict[str, cells.Cell] = {}
    for row in table.rows:
        fresh = bool(text(row.get("date")) or text(row.get("weekday")))
        day = (_day(table, row, notes, today, monday) or "") if fresh else day
        above = {field: row.get(field) for field in ("sort",)} if fresh or text(row.get("sort")) else above
        if not text(row.get("dishes")) and not text(row.get("ingredients")):
            continue
        if not day:
            notes.doubt(table, row, "date" if "date" in table.columns else "weekday", "meal_no_date")
            continue
        meal = _meal(table, row, notes, day, text(above.get("sort")))
        known = meals.get((meal.date, meal.sort))
        if known is None:
            meals[meal.date, meal.sort] = meal
            continue
        if fresh:
            notes.doubt(table, row, "date", "meal_twice", row=known.spot[1].number)
        known.dishes += [dish for dish in meal.dishes if dish not in known.dishes]
        known.ingredients += meal.ingredients
        known.price = known.price if known.price is not None else meal.price
        known.entitled = known.entitled if known.entitled is not None else meal.entitled
    notes.tidied["total_row"] += table.skipped
    return list(meals.values())


def _week(table: Table, today: date, year: int) -> date | None:
    """The Monday that a title names: （2026年11月16日—20日）."""
    for title in [*table.above, table.sheet]:
        found = re.search(r"(20\d\d)\s*[年.\-/]\s*(\d{1,2})\s*[月.\-/]\s*(\d{1,2})", text(title))
        if found:
            try:
                first = date(*(int(part) for part in found.groups()))
            except ValueError:
                continue
            return first - timedelta(days=first.weekday())
    return None


def _day(table: Table, row: Row, notes: Notes, today: date, monday: date | None) -> str | None:
    weekday = re.sub(r"(星期|周|礼拜|\s)", "", text(row.get("weekday"))).replace("天", "日")
    number = _WEEKDAYS.find(weekday) if len(weekday) == 1 else -1
    when = dates.when(row.get("date"), today)
    day = when.whole() if when else None
    if day is None and text(row.get("date")):
        part = re.search(r"(\d{1,2})\s*[月.\-/]\s*(\d{1,2})", text(row.get("date")))
        if part and monday:
            day = _near(monday, int(part.group(1)), int(part.group(2)))
    if day is None and monday and number >= 0:
        day = monday + timedelta(days=number)
        column = "date" if "date" in table.columns else "weekday"
        notes.doubt(table, row, column, "meal_date_from_weekday", value=day.isoformat())
    elif day and number >= 0 and day.weekday() != number:
        notes.doubt(table, row, "weekday", "meal_weekday", value=day.isoformat())
    return day.isoformat() if day else None


def _near(monday: date, month: int, day: int) -> date | None:
    """The day of that month nearest to a week: 1月2日 in a week of December is next year's."""
    try:
        choices = [date(monday.year + offset, month, day) for offset in (-1, 0, 1)]
    except ValueError:
        return None
    return min(choices, key=lambda choice: abs((choice - monday).days))


def _meal(table: Table, row: Row, notes: Notes, day: str, sort_word: str) -> Meal:
    sort = next((_SORTS[letter] for letter in sort_word if letter in _SORTS), "")
    if not sort and sort_word:
        notes.doubt(table, row, "sort", "meal_sort")
    dishes = [
        part.strip()[:60]
        for part in re.split(r"[、,，;；\n+/]+|\s{2,}", text(row.get("dishes")))
        if part.strip()
    ]
    meal = Meal((table, row), day, sort or "lunch", list(dict.fromkeys(dishes)))
    meal.ingredients = _ingredients(table, row, notes, dishes)
    for field in ("price", "standard"):
        if text(row.get(field)):
            amount = cells.amount(row.get(field))
            setattr(meal, field, amount)
            if amount is None:
                notes.doubt(table, row, field, "meal_price")
    if text(row.get("entitled")):
        count = cells.amount(row.get("entitled"))
        meal.entitled = int(count) if count is not None and count == int(count) and count >= 0 else None
        if meal.entitled is None:
            notes.doubt(table, row, "entitled", "meal_entitled")
    return meal


def _ingredients(table: Table, row: Row, notes: Notes, dishes: list[str]) -> list[Ingredient]:
    found = []
    unread = False
    for part in _SEPARATOR.split(text(row.get("ingredients"))):
        part = part.strip(" ()")
        if not part:
            continue
        match = _INGREDIENT.fullmatch(part)
        if match:
            unit = match.group("unit") or ""
            amount = float(match.group("amount"))
            name = match.group("name").strip(" (")[:60]
            found.append(Ingredient(name, amount, _UNITS.get(unit.upper(), unit)))
        else:
            unread = True
            found.append(Ingredient(part[:60]))
    if unread:
        notes.doubt(table, row, "ingredients", "meal_amount")
    if len(dishes) == 1:
        for one in found:
            one.dish = dishes[0]
    return found
