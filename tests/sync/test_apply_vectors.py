"""The vectors that hold the phone's `apply` to the engine are what the engine makes today."""

import json
from pathlib import Path

from sync.vectors.make_apply import HERE, cases


def test_the_vectors_are_up_to_date() -> None:
    stored = json.loads(Path(HERE / "apply.json").read_text("utf-8"))
    assert stored == cases()
    assert len({json.dumps(case, sort_keys=True) for case in stored}) > 100
