"""One `up` or `down` at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.bed.places import Places
from tests.cluster.bed.problem import BedError


@contextmanager
def held(places: Places) -> Iterator[None]:
    """Hold the bed's lock, or raise BedError at once when another run has it."""
    places.cache.mkdir(parents=True, exist_ok=True)
    with (places.cache / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BedError("another cluster-up or cluster-down is at work") from error
        yield
