"""``ml8s models verify``: whether a model is still what was registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.artifacts import Json
    from ml8s.errors import DigestMismatch
    from ml8s.registry.verification import Verification


@click.command()
@click.argument("model_id", metavar="MODEL")
@options.models_store_option
@options.output_option
def command(model_id: str, store: str, output: str) -> None:
    """Hash a model again: its record, the chain of its events, and every file of every artifact.

    The lookup state of its last refresh, which predictions use, is one of them. Changes nothing. Exit 6 where something
    is missing or was changed; names the file and what makes it.
    """
    from ml8s.registry import Registry
    from ml8s.registry.verification import verify
    from ml8s.storage import open_store

    found = verify(Registry(open_store(store)), model_id)
    value: dict[str, Json] = {
        "model_id": model_id,
        "intact": not found.bad,
        "record": found.record,
        "registered": found.registered,
        "events": found.events,
        "artifacts": found.artifacts,
        "bad": [file.to_json() for file in found.bad],
    }
    if output == "name":
        ui.data(model_id)
    else:
        ui.emit(value, output)
    if found.bad:
        raise _not_intact(found, store)
    ui.note(f"{model_id} is intact: {found.artifacts} artifacts, {found.events} events of its name")
    ui.next_command(f"ml8s models history {model_id}")


def _not_intact(found: Verification, store: str) -> DigestMismatch:
    from ml8s.errors import DigestMismatch, Problem
    from ml8s.registry.verification import REFRESH

    anew = f"`ml8s features refresh {found.model_id} --snapshot URI` makes the refreshed state anew"
    again = "run its config on its snapshot again: the steps named make these files once more"
    refreshed = [file.step == REFRESH for file in found.bad]
    return DigestMismatch(
        f"{found.model_id} is not what was registered: {len(found.bad)} missing or changed",
        where=store,
        cure=anew if all(refreshed) else f"{again}; {anew}" if any(refreshed) else again,
        problems=[
            Problem(
                f"{file.path} is {file.reason}: blob {file.digest}",
                where=file.port,
                cure=f"made by {'' if file.step == REFRESH else 'step '}{file.step}",
            )
            for file in found.bad
        ],
    )
