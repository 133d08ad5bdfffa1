"""The office's import page: upload, look, confirm, and the report to take away."""

from __future__ import annotations

import io
import re

import pytest
import python_calamine
from litestar import Litestar
from msgspec.structs import replace

from server.access import load_principal, server_principal
from server.db import new_id
from server.gateway import read, write
from sync.protocol import Op
from tests.conftest import Client, People
from tests.server.roster.books import File, four, pupil, roster

HTML = {"Accept": "text/html"}


async def upload(client: Client, files: list[File]) -> str:
    """Send files as the form does; where it leads."""
    parts = [("files", (name, body, "application/octet-stream")) for name, body in files]
    reply = await client.post("/office/import/", files=parts)
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def settled(app: Litestar) -> None:
    """Until no import is at work."""
    await app.state.imports.settled()


async def pupils(app: Litestar, school: People) -> int:
    async with app.state.db.read() as conn:
        return await read.count(conn, server_principal(school.id), kind="student")


async def test_from_the_files_to_the_report(app: Litestar, client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    assert "选表格文件" in (await client.get("/office/import/", headers=HTML)).text
    place = await upload(client, four())
    await settled(app)
    page = (await client.get(place, headers=HTML)).text
    assert re.search(r"读出学生.*?<b>304", page, re.DOTALL)
    assert "****8863" in page
    assert "997122201912188863" not in page
    assert "确认导入" in page
    assert await pupils(app, school) == 0, "nothing is written before somebody confirms"

    assert (await client.post(f"{place}/confirm", data={"duties": "yes"})).headers["location"] == place
    await client.post(f"{place}/confirm", data={})
    await settled(app)
    assert await pupils(app, school) == 304
    page = (await client.get(place, headers=HTML)).text
    assert "新增480" in page
    assert "139次本周家访" in page
    async with app.state.db.read() as conn:
        assert await read.count(conn, server_principal(school.id), kind="duty") == 139

    taken = await client.get(f"{place}/report.xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(taken.content))
    rows = book.get_sheet_by_name("要人看的").to_python()
    assert any(row[5] == "****8863" for row in rows)
    assert "陈主任" in str(rows[1][0]), "who made it"


async def test_a_broken_file_refuses_all_with_its_reason(
    app: Litestar, client: Client, school: People
) -> None:
    await client.sign_in(school.phones["admin"])
    place = await upload(client, [*four(), ("坏.xlsx", b"PK\x03\x04 not really")])
    await settled(app)
    page = (await client.get(place, headers=HTML)).text
    assert "什么也没有写入" in page
    assert "坏.xlsx" in page
    assert "确认导入" not in page
    await client.post(f"{place}/confirm", data={})
    await settled(app)
    assert await pupils(app, school) == 0


async def test_progress_asks_again_until_there_is_something_to_see(
    app: Litestar, client: Client, school: People
) -> None:
    await client.sign_in(school.phones["office"])
    place = await upload(client, [roster([pupil(1)])])
    waiting = await client.get(f"{place}/progress", headers=HTML)
    assert 'hx-trigger="every 1s"' in waiting.text
    await settled(app)
    ready = await client.get(f"{place}/progress", headers=HTML)
    assert ready.headers["hx-redirect"] == place


async def test_without_a_file_the_page_says_so(client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    reply = await client.post("/office/import/", files=[("other", ("x", b""))])
    assert reply.status_code == 422
    assert "请先选文件" in reply.text


async def test_cells_that_look_like_code_stay_text(app: Litestar, client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    evil = pupil(1, "<script>x</script>", 备注="=HYPERLINK(1)", 联系电话="=cmd|' /C calc'!A0")
    place = await upload(client, [roster([evil])])
    await settled(app)
    assert "<script>x" not in (await client.get(place, headers=HTML)).text
    report = await client.get(f"{place}/report.xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(report.content))
    texts = [
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    ]
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("role", ["class_teacher", "dorm", "parent", "principal", "committee"])
async def test_nobody_else_gets_near_it(app: Litestar, client: Client, school: People, role: str) -> None:
    await client.sign_in(school.phones["office"])
    place = await upload(client, [roster([pupil(1)])])
    await settled(app)
    await client.sign_in(school.phones[role])
    for path in ("/office/import/", place, f"{place}/progress", f"{place}/report.xlsx"):
        assert (await client.get(path, headers=HTML)).status_code == 404, path
    assert (await client.post(f"{place}/confirm", data={})).status_code == 404
    assert (await client.post("/office/import/", files=[("files", ("x", b"x"))])).status_code == 404


async def test_another_school_does_not_see_it(
    app: Litestar, client: Client, school: People, other_school: People
) -> None:
    await client.sign_in(school.phones["office"])
    place = await upload(client, [roster([pupil(1)])])
    await settled(app)
    await client.sign_in(other_school.phones["office"])
    assert (await client.get(place, headers=HTML)).status_code == 404
    assert (await client.post(f"{place}/confirm", data={})).status_code == 404
    await settled(app)
    assert await pupils(app, other_school) == 0


async def test_what_a_teacher_corrected_is_decided_here(
    app: Litestar, client: Client, school: People
) -> None:
    await client.sign_in(school.phones["office"])

    async def bring_in(number: str) -> None:
        place = await upload(client, [roster([pupil(1, 联系电话=number)])])
        await settled(app)
        await client.post(f"{place}/confirm", data={})
        await settled(app)

    async def home() -> read.VisibleDoc:
        async with app.state.db.read() as conn:
            (found,) = await read.many(conn, app.state.env, server_principal(school.id), kind="household")
        return found

    await bring_in("13700000001")
    before = await home()
    path = next(path for path in before.fields if path.startswith("guardians/"))
    corrected = {**before.fields[path], "phone": "13511111111"}
    op = Op(0, "edit", "household", before.id, base=before.rev, form="household", form_version=1)
    async with app.state.db.write() as conn:
        teacher = await load_principal(conn, school.ids["class_teacher"], school.id)
        assert teacher is not None
        await write.submit(conn, app.state.env, teacher, new_id(), [replace(op, set={path: corrected})])
    await bring_in("13522222222")

    assert "去裁定" in (await client.get("/office/import/", headers=HTML)).text
    page = (await client.get("/office/import/settle", headers=HTML)).text
    assert "13511111111" in page
    assert "王芳" in page, "who corrected it"
    assert "13522222222" in page
    fields = dict(re.findall(r'name="(doc|path|sees|pick)" value="([^"]+)"', page.partition("另一个值")[2]))
    settle = {**fields, "pick": fields["sees"]}
    assert (await client.post("/office/import/settle", data=settle)).status_code == 303
    assert (await home()).fields[path]["phone"] == "13522222222"
    assert "没有要裁定的" in (await client.get("/office/import/settle", headers=HTML)).text
    assert (await client.post("/office/import/settle", data=settle)).status_code == 404

    # of a plain field a third value can be typed; the list of all that waits leads here
    after = await home()
    for village in ("上寨村", "中寨村"):
        edit = replace(op, base=before.rev, set={"village": village})
        async with app.state.db.write() as conn:
            results = await write.submit(conn, app.state.env, teacher, new_id(), [edit])
    assert results[0].result == "conflict", "two phones said different villages"
    assert "名册里还有1份" in (await client.get("/office/settle", headers=HTML)).text
    (sibling,) = [one["sibling"] for one in (await home()).siblings["village"]]
    third = {"csrf": client.csrf, "doc": after.id, "path": "village", "sees": sibling, "pick": "other"}
    empty = await client.post("/office/import/settle", data=third)
    assert (empty.status_code, "请把对的写上" in empty.text) == (422, True)
    assert (await client.post("/office/import/settle", data={**third, "other": "下寨村"})).status_code == 303
    assert ((await home()).fields["village"], (await home()).siblings) == ("下寨村", {})
    await client.sign_in(school.phones["class_teacher"])
    assert (await client.get("/office/import/settle", headers=HTML)).status_code == 404
    assert (await client.post("/office/import/settle", data=settle)).status_code == 404
