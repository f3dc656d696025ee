"""The lookup state: what is known of every key as of a boundary, in memory-mapped files.

Serving asks it for a key; ``refresh`` carries it on with newer rows. See ``write_state`` for what it promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ml8s.features.asof.feature import AsOfFeature, Entity
from ml8s.features.asof.rows import Events, Floats

Key: TypeAlias = tuple[str | int, ...]
Labels: TypeAlias = Mapping[Entity, Sequence[Key]]


def write_state(
    folder: Path, features: Sequence[AsOfFeature], events: Events, labels: Labels, *, refresh: int | None
) -> int:
    """Writes the state as of the first boundary after the last event.

    ``lookup`` of a row's keys in it is bitwise what ``compute`` gives a row with a time in
    [boundary, boundary + refresh) for the same events.

    Args:
        folder: an empty folder for the files of one artifact; equal inputs give equal bytes.
        features: the manifest's as-of features, in order.
        events: all rows so far [n].
        labels: for each entity the key's values by code, as the codes of ``events.keys`` number them.
        refresh: microseconds between boundaries.

    Returns:
        The boundary B, microseconds since 1970 UTC.
    """
    raise NotImplementedError


def refresh_state(old: Path, folder: Path, newer: Events, labels: Labels) -> int:
    """Writes the state that follows from an older one and the rows since then.

    The bytes are those of ``write_state`` on all rows.

    Args:
        old: the folder of the older state.
        folder: an empty folder.
        newer: the rows later than the older state's last event; category codes mean the same as then.
        labels: as in ``write_state``, for the codes of ``newer``.

    Raises:
        ValueError: a row that is not later than the older state's last event.
    """
    raise NotImplementedError


class LookupState:
    """An opened state; the files are memory-mapped, a lookup takes microseconds.

    Attributes:
        features: the as-of features, in the order of the values.
        boundary: the instant B that the values are known at, microseconds since 1970 UTC.
        refresh: microseconds between boundaries, None where there are none.
    """

    features: tuple[AsOfFeature, ...]
    boundary: int
    refresh: int | None

    @classmethod
    def open(cls, folder: Path) -> LookupState:
        """Opens what ``write_state`` wrote; ValueError for anything else."""
        raise NotImplementedError

    def row(self, keys: Mapping[Entity, Key | None]) -> Floats:
        """The features of one row [features]; a key never seen has no history, None is a null key."""
        raise NotImplementedError
