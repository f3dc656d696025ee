"""``ml8s completion``."""

from __future__ import annotations

import click

from ml8s.cli import ui


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    For bash: ml8s completion bash > ~/.local/share/bash-completion/completions/ml8s
    """
    from click.shell_completion import get_completion_class

    from ml8s.cli import cli

    completion = get_completion_class(shell)
    if completion is None:
        raise AssertionError(shell)
    ui.data(completion(cli, {}, "ml8s", "_ML8S_COMPLETE").source().rstrip("\n"))
