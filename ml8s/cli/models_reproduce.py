"""``ml8s models reproduce``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.runner.reproduction import Reproduction


@click.command("reproduce")
@click.argument("model_id", metavar="MODEL")
@options.models_store_option
@options.output_option
def command(model_id: str, store: str, output: str) -> None:
    """Train a model again from its record alone, in an empty store, and compare every artifact.

    Writes nothing to the store. Exit 1 where an artifact came out different; names the first one and its files.
    """
    from ml8s.cli.running import start_pinned

    start_pinned()
    from tempfile import TemporaryDirectory

    from ml8s.cli.progress import Display
    from ml8s.registry import Registry
    from ml8s.runner.reproduction import differing_environment, reproduce
    from ml8s.storage import open_store

    opened = open_store(store)
    record = Registry(opened).record(model_id)
    for difference in differing_environment(record):
        ui.note(f"other environment than the record's: {difference}")
    display = Display()
    with TemporaryDirectory(prefix="ml8s-reproduce-") as scratch:
        try:
            with display.showing():
                found = reproduce(opened, record, scratch, display)
        finally:
            display.tell_notes()
    if output == "name":
        ui.data(found.answer)
    else:
        ui.emit(found.to_json(), output)
    _raise_if_different(found)
    ui.note(f"{model_id} came out bit-identical: {found.compared} artifacts")
    ui.next_command(f"ml8s models show {model_id}")


def _raise_if_different(found: Reproduction) -> None:
    from ml8s.errors import NotReproduced
    from ml8s.runner.reproduction import OTHER_ENVIRONMENT

    different = found.divergence
    if different is None:
        return
    files = f" (in {', '.join(different.files)})" if different.files else ""
    what = (
        f"{different.artifact} of {different.step} is {different.reproduced[:12]} and was "
        f"{different.recorded[:12]}{files}"
    )
    if found.answer == OTHER_ENVIRONMENT:
        raise NotReproduced(
            f"{found.model_id} was not made in this environment, and comes out different in it: {what}",
            where=different.step,
            cure="reproduce it with the versions of its record: `ml8s models show` lists them",
        )
    raise NotReproduced(
        f"{found.model_id} diverged in the same environment: {what}",
        where=different.step,
        cure="please report it: equal inputs must give equal bytes",
    )
