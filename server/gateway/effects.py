"""What follows by itself when a doc changes: kind → handlers, in one visible place.

A handler is called once per changed doc, inside the transaction that changed it, with the doc as it was
(None: new) and as it is; it changes other docs through `work.raise_event` and `work.edit` only.
"""

from server.duties.effects import follow_postponement, meet_duties
from server.gateway.release import carry_out_release
from server.gateway.work import Effect, Work
from sync.doc import Doc

EFFECTS: dict[str, list[Effect]] = {
    "visit": [meet_duties],
    "duty": [follow_postponement],
    "held": [carry_out_release],
}


ROUNDS = 4  # an effect may have effects; more than these would be a circle


async def run_effects(work: Work, changed: list[tuple[Doc | None, Doc]]) -> None:
    """Run the handlers of these changes, then those of what they changed."""
    for _round in range(ROUNDS):
        seen = dict(work.docs)
        for before, after in changed:
            for effect in EFFECTS.get(after.kind, ()):
                await effect(work, before, after)
        if work.docs == seen:  # as mostly: nothing follows
            return
        found = [(seen.get(i, work.before[i]), doc) for i, doc in work.docs.items()]
        changed = [(before, doc) for before, doc in found if doc is not None and doc is not before]
        if not changed:
            return
