"""What merging answers with, shared by fields and events."""

from typing import Any, NamedTuple

from sync.doc import Doc
from sync.protocol import Result


class Outcome(NamedTuple):
    """The doc after the op, the same object where nothing changed (None: there is none), and the answer."""

    doc: Doc | None
    result: Result


class Held(Exception):
    """Stops an op: it is kept whole, with this code, and nothing of it is applied."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
