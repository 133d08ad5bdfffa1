"""Writes every file of cases that is drawn.

python -m sync.vectors.make
"""

from __future__ import annotations

from sync.vectors import make_apply, make_cel, make_forms, make_forms_present, make_posted
from sync.vectors.drawn import Maker

MAKERS: list[Maker] = [
    make_cel.CEL,
    make_forms.RULES,
    make_forms.VALUES,
    make_forms.TEXTS,
    make_forms_present.PRESENT,
    make_apply.APPLY,
    make_posted.POSTED,
]

if __name__ == "__main__":
    make_forms.write_definitions()
    for maker in MAKERS:
        maker.write()
