"""What can go wrong, in one catalogue, answered as RFC 9457 problem details (or as a page, to a person).

Raise `Problem(409, "gap", expected=7)` anywhere below a handler. Nothing of an unforeseen error ever reaches
the reply: it is logged, and the reply says 500 and an id to look for in the log.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from server.db import is_unavailable, is_unstorable, new_id
from server.text import N_, _, fmt

TYPE_PREFIX = "/problems/"
MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("zoufang")

TITLES = {
    "bad_request": N_("请求的内容不对"),
    "bad_json": N_("请求不是可读的JSON"),
    "too_deep": N_("请求的内容嵌套太深"),
    "unauthenticated": N_("请先登录"),
    "wrong_password": N_("手机号或密码不对"),
    "throttled": N_("试得太多了，请等{wait}再试"),
    "csrf": N_("页面放得太久了，请刷新后再试"),
    "forbidden": N_("没有这个权限"),
    "not_found": N_("没有找到"),
    "method_not_allowed": N_("不能这样请求"),
    "timeout": N_("内容没有按时传完，请再试一次"),
    "conflict": N_("内容有冲突"),
    "too_large": N_("内容太大"),
    "unsupported_encoding": N_("不支持这种压缩方式"),
    "unprocessable": N_("内容没有通过检查"),
    "internal": N_("出错了，编号{id}"),
    "unavailable": N_("现在太忙，请稍后再试"),
    # of the sync protocol
    "gap": N_("中间缺了几条记录"),
    "fork": N_("这份本机数据被复制过"),
    "resync": N_("服务器换了数据，请重新同步"),
    "upgrade": N_("请更新这个应用"),
    "client": N_("这份本机数据属于另一个人"),
    "not_revoked": N_("没有让这台设备退出"),
}
"""Name of a problem → what it says to a person. `{…}` is filled from the problem's extra members."""

NAMES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_encoding",
    422: "unprocessable",
    429: "throttled",
    500: "internal",
    503: "unavailable",
}
RETRY_AFTER = "5"


class Problem(Exception):
    """A foreseen error. `name` is the last part of the problem's type; extra members go into the document.

    `detail` replaces the catalogue's sentence where the raiser can say something more useful.
    """

    def __init__(
        self,
        status: int,
        name: str,
        /,
        *,
        detail: str | None = None,
        headers: dict[str, str] | None = None,
        cookies: list[Any] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(name)
        self.status, self.name, self.detail, self.extra = status, name, detail, extra
        self.headers = headers or {}
        self.cookies = cookies or []

    @property
    def title(self) -> str:
        """The catalogue's sentence, with its values."""
        return fmt(_(TITLES.get(self.name, TITLES[NAMES.get(self.status, "internal")])), **self.extra)

    def document(self) -> dict[str, Any]:
        """The problem as RFC 9457 has it."""
        document = {"type": TYPE_PREFIX + self.name, "title": self.title, "status": self.status, **self.extra}
        if self.detail:
            document["detail"] = self.detail
        return document


def not_found() -> Problem:
    """What everyone gets for what is not there and for what is not theirs: the two look alike."""
    return Problem(404, "not_found")


def respond(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    """The problem as a page where a browser asked for a page, as a JSON document otherwise.

    htmx gets the document too: put into the page it came from, a page would take away what was typed there.
    """
    if problem.status == 401 and wants_page(request):
        return _to_signin(request)
    headers = dict(problem.headers)
    if problem.status == 503:
        headers.setdefault("Retry-After", RETRY_AFTER)
    swapped = "hx-request" in request.headers
    if swapped and "hx-boosted" in request.headers and request.method == "GET":
        # A link that htmx followed: the whole page is to be the problem, and have its address.
        return Response(None, status_code=problem.status, headers={**headers, "HX-Redirect": _here(request)})
    if wants_page(request) and not swapped:
        body = request.app.state.render("office/problem.html", problem=problem.document())
        return Response(
            body,
            media_type=MediaType.HTML,
            status_code=problem.status,
            headers=headers,
            cookies=problem.cookies,
        )
    return Response(
        problem.document(),
        media_type=MEDIA_TYPE,
        status_code=problem.status,
        headers=headers,
        cookies=problem.cookies,
    )


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether a person is reading: a browser's navigation or htmx, not a script or a sync client."""
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def _to_signin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Lead a browser to the sign-in page and back again; htmx is told to go there as a whole page."""
    if "hx-request" in request.headers:
        page = urlsplit(request.headers.get("hx-current-url", ""))
        target = _signin(page.path + (f"?{page.query}" if page.query else ""))
        return Response(None, status_code=401, headers={"HX-Redirect": target})
    target = _signin(_here(request)) if request.method in ("GET", "HEAD") else "/login"
    return Redirect(target, status_code=303)


def _here(request: Request[Any, Any, Any]) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _signin(back: str) -> str:
    return "/login?next=" + quote(back, safe="/") if back not in ("", "/") else "/login"


def on_problem(request: Request[Any, Any, Any], error: Problem) -> Response[Any]:
    """A foreseen error."""
    return respond(request, error)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The framework's own errors (no such route, wrong method, a parameter that can't be read)."""
    status = error.status_code if error.status_code in NAMES else (400 if error.status_code < 500 else 500)
    if status == 500:
        return on_bug(request, error)
    headers = {k: v for k, v in (error.headers or {}).items() if k.lower() in ("allow", "retry-after")}
    return respond(request, Problem(status, NAMES[status], headers=headers))


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Everything unforeseen: 503 where trying again may help, else 500 with an id that the log has too."""
    if is_unavailable(error):
        log.warning("unavailable: %s %s: %s", request.method, request.url.path, type(error).__name__)
        return respond(request, Problem(503, "unavailable"))
    if is_unstorable(error):
        return respond(request, Problem(400, "bad_request"))
    reference = new_id()[-12:]
    log.error("internal error %s: %s %s", reference, request.method, request.url.path, exc_info=error)
    return respond(request, Problem(500, "internal", id=reference))


HANDLERS: ExceptionHandlersMap = {Problem: on_problem, HTTPException: on_http, Exception: on_bug}
