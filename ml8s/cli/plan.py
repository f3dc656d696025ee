"""``ml8s plan``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("plan")
@options.config_argument
@click.option("--until", metavar="STEP", help="Plan up to this step.")
@click.option("--verify", is_flag=True, help="Hash every cached blob; what is damaged counts as not there.")
@options.set_option
@options.store_option
@options.output_option
def command(
    *, config: str, until: str | None, verify: bool, overrides: tuple[str, ...], store: str, output: str
) -> None:
    """Show what is cached, what would run, and why a step is not cached. Runs nothing."""
    from ml8s.cli.running import show_plan
    from ml8s.config.loader import load_config
    from ml8s.runner.training import Request, prepare

    request = Request(load_config(config, overrides), store, until=until)
    show_plan(prepare(request).plan(verify=verify), output)
    ui.next_command(f"ml8s run {config}")
