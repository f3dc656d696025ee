"""The table of verbs, and the text of their help."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import ml8s.cli
from ml8s.cli import GROUPS, VERBS, cli

PLACES = {(verb,): entry for verb, entry in VERBS.items()} | {
    (group, verb): entry for group, (_, verbs) in GROUPS.items() for verb, entry in verbs.items()
}


@pytest.mark.parametrize("path", PLACES, ids=" ".join)
def test_a_verb_of_the_table_is_a_command_with_help(path: tuple[str, ...]) -> None:
    command: click.Command | None = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    assert command.help
    assert command.short_help == PLACES[path][1], "the table alone holds the line"
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize("path", PLACES, ids=" ".join)
def test_the_file_of_a_verb_is_named_after_it(path: tuple[str, ...]) -> None:
    module, attribute = PLACES[path][0].split(":")
    assert attribute == "command"
    assert module == f"ml8s.cli.{'_'.join(path)}"


def test_a_line_of_help_is_one_sentence() -> None:
    for summary in [text for _, text in PLACES.values()] + [summary for summary, _ in GROUPS.values()]:
        assert summary[0].isupper()
        assert summary.endswith(".")
        assert len(summary) <= 72


def test_no_file_of_a_verb_gives_a_line_of_its_own() -> None:
    folder = Path(ml8s.cli.__file__).parent
    assert [path.name for path in folder.glob("*.py") if "short_help=" in path.read_text()] == ["__init__.py"]
