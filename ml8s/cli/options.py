"""Options and arguments that several verbs share, each defined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])
Decorator = Callable[[F], F]

OUTPUTS = ("table", "json", "yaml", "name")
DEFAULT_STORE = "./.ml8s"


def config_argument(function: F) -> F:
    """``CONFIG``: a path or an s3:// address."""
    return click.argument("config", metavar="CONFIG")(function)


def output_option(function: F) -> F:
    """``-o table|json|yaml|name``."""
    return click.option(
        "-o", "--output", type=click.Choice(OUTPUTS), default="table", show_default=True, help="Form of the output."
    )(function)


def store_option(function: F) -> F:
    """``--store URI``, or ML8S_STORE."""
    return click.option(
        "--store",
        envvar="ML8S_STORE",
        default=DEFAULT_STORE,
        show_default=True,
        metavar="URI",
        show_envvar=True,
        help="The store: a folder, s3://… or abfs://….",
    )(function)


def dry_run_option(function: F) -> F:
    """``--dry-run``: say what would be written, write nothing."""
    return click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")(function)


def set_option(function: F) -> F:
    """``--set KEY=VALUE``, any number of times; given to the verb as ``overrides``."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a value of the config, for example --set automl.max_trials=50. May be given several times.",
    )(function)


def local_option(function: F) -> F:
    """``--local``: this machine and its store, even where a platform is named."""
    return click.option("--local", is_flag=True, help="Work on this machine, even where a platform is named.")(function)


def runs_local_option(function: F) -> F:
    """``--local`` of the verbs that look at runs."""
    return click.option("--local", is_flag=True, help="Runs of this machine, even where a platform is named.")(function)


def detach_option(function: F) -> F:
    """``--detach``: do not follow."""
    return click.option("--detach", is_flag=True, help="On a cluster: submit, and do not follow the run.")(function)


def store_was_given() -> bool:
    """Whether the running command was given ``--store`` by hand."""
    source = click.get_current_context().get_parameter_source("store")
    return source is click.core.ParameterSource.COMMANDLINE
