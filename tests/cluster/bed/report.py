"""What `cluster-status` prints."""

from tests.cluster.bed import daemons, network
from tests.cluster.bed.places import Places
from tests.cluster.bed.problem import last_lines


def status(places: Places) -> tuple[str, bool]:
    """Return a readable state of the bed, and whether all of it runs."""
    started = daemons.read(places)
    if not started:
        return "the bed is down" + (", but a network namespace is left" if network.exists() else ""), False
    rows = [_row(entry) for entry in started.values()]
    gone = daemons.dead(places)
    rows += [last_lines(daemons.log_of(places, entry.name)) for entry in gone]
    if not places.environment.exists():
        rows.append("the last cluster-up did not come to its end: run it again, or cluster-down")
    total = sum(entry.memory_bytes() for entry in started.values() if entry.alive())
    rows.append(f"daemons together: {total / 1e9:.1f} GB")
    return "\n".join(rows), not gone and places.environment.exists()


def _row(entry: daemons.Started) -> str:
    if not entry.alive():
        return f"{entry.name:<24} DEAD (was {entry.pid})"
    return f"{entry.name:<24} running  pid {entry.pid:<7} {entry.memory_bytes() / 1e6:6.0f} MB"
