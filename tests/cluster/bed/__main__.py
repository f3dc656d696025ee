"""The verbs behind `make cluster-…`."""

import argparse
import shutil
import sys
from collections.abc import Callable

from tests.cluster.bed import bring_up, console, lock, report, requirements, tear_down
from tests.cluster.bed.places import Places, standard
from tests.cluster.bed.problem import BedError, Impossible
from tests.cluster.bed.suite import run_suite


def _up(places: Places) -> int:
    with lock.held(places):
        bring_up.up(places)
    console.answer(bring_up.summary(places))
    return 0


def _down(places: Places) -> int:
    with lock.held(places):
        tear_down.down(places)
    console.say("the bed is down, nothing is left")
    return 0


def _status(places: Places) -> int:
    text, whole = report.status(places)
    console.answer(text)
    return 0 if whole else 1


def _env(places: Places) -> int:
    if not places.environment.exists():
        raise BedError("the bed is not up: make cluster-up")
    console.answer(places.environment.read_text().rstrip())
    return 0


def _packages(_places: Places) -> int:
    console.answer("\n".join(requirements.system_packages()))
    return 0


def _clean(places: Places) -> int:
    with lock.held(places):
        tear_down.down(places)
        shutil.rmtree(places.cache, ignore_errors=True)
    return 0


_VERBS: dict[str, Callable[[Places], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
    "packages": _packages,
    "clean": _clean,
}


def main() -> int:
    """Run one verb; every failure is one message and a non-zero exit."""
    parser = argparse.ArgumentParser(prog="bed", description=__doc__)
    parser.add_argument("verb", choices=[*_VERBS, "smoke", "test"])
    parser.add_argument("arguments", nargs="*", help="smoke, test: further arguments for pytest")
    asked = parser.parse_args()
    places = standard()
    try:
        if asked.verb in {"smoke", "test"}:
            return run_suite(places, asked.verb, asked.arguments)
        return _VERBS[asked.verb](places)
    except Impossible as error:
        console.complain(f"cluster: impossible here: {error}")
        return 1
    except BedError as error:
        console.complain(f"cluster: {error}")
        return 1
    except KeyboardInterrupt:
        console.complain("cluster: interrupted; `make cluster-down` cleans up")
        return 130


if __name__ == "__main__":
    sys.exit(main())
