"""What devices are called in lists: the kind and the browser, 安卓手机 Chrome."""

from __future__ import annotations

from typing import Any

from litestar import Request

from server.text import N_, _

SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": N_("安卓手机"),
    "Windows": N_("Windows电脑"),
    "Mac OS": N_("苹果电脑"),
    "Linux": N_("Linux电脑"),
}
BROWSERS = {
    "MicroMessenger": N_("微信"),
    "Edg": "Edge",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


def device_of(request: Request[Any, Any, Any], told: str = "") -> str:
    """The caller's device in two words, by what its browser calls itself; else as it was `told`.

    Browsers keep the model to themselves: an Android phone says no more than that it is one.
    """
    agent = request.headers.get("user-agent", "")
    words = [
        next((word for part, word in names.items() if part in agent), "") for names in (SYSTEMS, BROWSERS)
    ]
    return " ".join(_(word) for word in words if word) or told or agent[:40]
