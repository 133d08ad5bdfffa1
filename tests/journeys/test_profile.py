"""What the browser leaves of the children on the disk: no name, however its files are packed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.journeys.browser import Browser
from tests.journeys.people import lock, send, sign_in
from tests.journeys.profile import copy_profile, search
from tests.journeys.stores import flood, keep
from tests.journeys.test_vault import FIRST, SAID, TEACHER, write

GZIPPED = """async (text) => {
  const packed = new Response(text).body.pipeThrough(new CompressionStream("gzip"));
  await (await caches.open("control")).put("/control", new Response(packed));
}"""


def padded(name: str, times: int) -> str:
    """A text that shows its halves so often that a packer writes the whole name as two references only."""
    halves = f"甲{name[:2]}乙丙丁戊{name[2:]}己庚" * times
    return halves + name + halves


def test_no_name_is_in_the_profile(browser: Callable[..., Browser], tmp_path: Path) -> None:
    """The browser's files, unpacked, name no child; names stored on purpose, each packed another way, are
    found: in a table of LevelDB, in a long value of its log, in gzip in the cache."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    write(phone, FIRST)
    send(phone)
    page = phone.page
    phone.go("/app/pupils")
    page.get_by_label("查找学生").fill(FIRST)
    page.get_by_label("查找学生").press("Enter")
    page.get_by_role("link", name=FIRST).tap()
    page.wait_for_url("**/app/pupils/*")
    phone.go("/app/records")
    page.locator("#records .cell", has_text=FIRST).first.tap()
    page.wait_for_url("**/app/fill/*")  # it is not handed in yet
    lock(phone)
    table, value, zipped = "欧阳表格", "司马长值", "上官压缩"
    keep(phone, "control", padded(table, 400))
    flood(phone, 8)
    keep(phone, "control", padded(value, 4000))
    page.evaluate(GZIPPED, padded(zipped, 400))
    phone.close()
    pupils = ["杨思源", "龙䶮", "覃佑建", "阿依努尔·麦合木提", "彭雨桐", "邓洛福", "孟怡桑"]
    guardians = ["罗桂英", *(f"{name[0]}桂英" for name in pupils[1:])]
    controls = [table, value, zipped]
    found = search(
        copy_profile(phone.profile, tmp_path / "copy"),
        [*pupils, *guardians, "13811112222", SAID, "老鸦沟村", *controls],
    )
    assert found.values > 100 and found.files > 50, f"next to nothing was looked through: {found}"
    assert sorted(found.found) == sorted(controls), str(found)
    for control, kind, way in (
        (table, ".ldb", "in a value"),
        (value, ".log", "unpacked"),
        (zipped, "_0", "unpacked"),
    ):
        ways = {how for _, how in found.found[control]}
        assert ways == {way}, f"{control} does not show that packed texts are found: {found}"
        assert all(place.endswith(kind) for place, _ in found.found[control]), str(found)
