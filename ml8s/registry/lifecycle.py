"""The state of each model of a name: a pure fold of the name's events.

``candidate`` is where a model begins, also one whose first event was not written yet. ``promoted`` makes it
``production`` and the one before it ``archived``; promoting an archived model is the rollback. ``revoked`` is for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from ml8s.registry.events import ARCHIVED, PROMOTED, REGISTERED, REJECTED, REVOKED, Event

State: TypeAlias = Literal["candidate", "production", "archived", "rejected", "revoked"]

FIRST: Final[State] = "candidate"

_MOVES: Final[Mapping[str, tuple[tuple[State, ...], State]]] = {
    REGISTERED: (("candidate",), "candidate"),
    PROMOTED: (("candidate", "archived"), "production"),
    ARCHIVED: (("candidate", "production", "rejected"), "archived"),
    REJECTED: (("candidate",), "rejected"),
    REVOKED: (("candidate", "production", "archived", "rejected"), "revoked"),
}


def states(events: Iterable[Event]) -> dict[str, State]:
    """The state of each model that the events name.

    Depends on the order of the events only. An event of an unknown type, or one that its model's state does not
    allow, changes nothing.
    """
    found: dict[str, State] = {}
    for event in events:
        before = found.setdefault(event.model_id, FIRST)
        allowed, after = _MOVES.get(event.type, ((), before))
        if before not in allowed:
            continue
        if after == "production":
            found.update({other: "archived" for other, state in found.items() if state == "production"})
        found[event.model_id] = after
    return found
