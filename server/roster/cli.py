"""`zoufang import`: a school's workbooks from the terminal."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from server.command import read_settings
from server.db import Database, utcnow
from server.gateway import write
from server.gateway.work import Env
from server.migrations import migrate
from server.render import TEMPLATES
from server.roster.actions import ImportFailed, Report, carry_out, read_book, school_day
from server.roster.duties import visits_this_week
from server.roster.files import Refused
from server.roster.limits import MAX_BYTES
from server.roster.wording import columns_word, tidied
from server.schools import ZONE, create_school, find_school
from server.text import _, fmt
from sync.forms import load_forms


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--school", required=True, help="The school's name; it is made if there is none of this name.")
@click.option(
    "--visits", is_flag=True, help="Also make a home visit due this week for each assigned pupil (结对)."
)
@click.option("--json", "as_json", is_flag=True, help="Print figures, problems and changes as JSON.")
def import_files(files: tuple[Path, ...], school: str, visits: bool, as_json: bool) -> None:
    """Read a school's workbooks: pupils, dormitories, staff, helpers, menus (.xlsx, .xls, .csv).

    FILE… go in together or not at all: one that is broken or no roster refuses all of them (exit 1, nothing
    written). Columns are found by what they are called, wherever they stand. Doubtful cells are taken,
    marked and reported. Importing again changes only cells that changed since, and deletes nothing.
    """
    try:
        bodies = [(path.name, _bytes(path)) for path in files]
        report = asyncio.run(_import(bodies, school, visits))
    except Refused as refused:
        raise click.ClickException(f"{refused.file}: {refused.reason}. Nothing was imported.") from None
    except ImportFailed as failed:
        raise click.ClickException(f"nothing was imported: {failed}") from None
    if as_json:
        click.echo(json.dumps(report.figures, ensure_ascii=False, indent=1))
    else:
        click.echo(_summary(report))


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


async def _import(files: list[tuple[str, bytes]], school: str, visits: bool) -> Report:
    db = Database(read_settings().database_url)
    env = Env(load_forms(TEMPLATES / "forms"), utcnow)
    book = read_book(files, school_day(env))
    try:
        await migrate(db)
        async with db.write() as conn:
            known = await find_school(conn, school)
            school_id = known.id if known else await create_school(conn, school)
            if known is None:
                await write.ensure_forms(conn, env, school_id)
            report = await carry_out(conn, env, school_id, school.strip(), book)
            if visits:
                today = school_day(env, known.tz if known else ZONE)
                await visits_this_week(conn, env, school_id, report.linked.pairs, today)
            return report
    finally:
        await db.close()


def _summary(report: Report) -> str:
    """The report for a person: what was read, what is doubtful, what changed."""
    figures = report.figures
    lines = [
        fmt(_("{file}“{sheet}”：{kind}，{n}行"), file=file, sheet=sheet, kind=columns_word(kind), n=rows)
        for file, sheet, kind, rows in report.book.sheets
    ]
    counted = {key: value for key, value in figures.items() if isinstance(value, int)}
    pupils = _("学生{students}人（寄宿{boarders}，留守{left_behind}，有认定类别{helped}）")
    others = _("教职工{staff}人，结对{pairs}对，宿舍{dorm_rooms}间，食谱{meals}餐")
    lines.append(fmt(f"{pupils}，{others}", meals=len(report.book.meals), **counted))
    for code, n in report.book.notes.tidied.most_common():
        lines += [fmt(_("  已理好：{word} {n}处"), word=tidied(code), n=n)] if n else []
    lines += [fmt(_("要人看的{n}处："), n=len(figures["problems"]))] if figures["problems"] else []
    for problem in figures["problems"]:
        lines.append(f"  {_place(problem)}：{problem['was'] or _('（空）')} → {problem['done']}")
    changes = figures["changes"]
    if any(changes.values()):
        words = _("新增{added}，改动{changed}格，与老师的修改并存、待裁定{siblings}格；没有删除任何内容")
        lines.append(fmt(words, **changes))
    else:
        lines.append(_("和上次导入相比没有变化"))
    return "\n".join(lines)


def _place(problem: dict[str, Any]) -> str:
    row = fmt(_("第{n}行"), n=problem["row"]) if problem["row"] else ""
    who = f"（{problem['who']}）" if problem["who"] else ""
    return f"{problem['file']}“{problem['sheet']}”{row} {problem['column']}{who}".strip()
