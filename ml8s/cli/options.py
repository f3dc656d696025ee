"""Options and arguments that several verbs share, each defined once."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])
Decorator = Callable[[F], F]

OUTPUTS = ("table", "json", "yaml", "name")
DEFAULT_STORE = "./.ml8s"
WITH_OVERRIDES = ("run", "plan", "validate")
WITH_LOCAL = ("run", "plan", "runs")
OF_MODELS = ("models", "features", "predict")
WITH_STORE = ("run", "plan", "runs", *OF_MODELS)
_STORE: dict[str, Any] = {
    "envvar": "ML8S_STORE",
    "metavar": "URI",
    "show_envvar": True,
    "help": "The store: a folder, s3://… or abfs://….",
}


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
    return click.option("--store", default=DEFAULT_STORE, show_default=True, **_STORE)(function)


def models_store_option(function: F) -> F:
    """``--store URI``, or ML8S_STORE, else the store of the platform in force: where its runs register."""
    return click.option(
        "--store", show_default=f"the platform's, else {DEFAULT_STORE}", callback=_store_in_force, **_STORE
    )(function)


def _store_in_force(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is not None:
        return value
    from ml8s.cli.cluster_running import place_of

    place = place_of(local=False)
    return DEFAULT_STORE if place is None else place.platform.store.uri


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


def with_same_options(command: str) -> str:
    """A suggested command, with the overrides and the store that the running one was given by hand.

    Where a platform is named, commands go to its cluster and its store: after work on this machine the next command
    says that it stays here.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return command
    verb = command.split()[1]
    more = []
    if verb in WITH_OVERRIDES:
        more += [f"--set {shlex.quote(each)}" for each in context.params.get("overrides", ())]
    given = context.get_parameter_source("store") is click.core.ParameterSource.COMMANDLINE
    elsewhere = verb in OF_MODELS and context.params.get("store") == DEFAULT_STORE and _platform_is_named()
    if (given or elsewhere) and verb in WITH_STORE and "--store" not in command:
        more.append(f"--store {shlex.quote(context.params['store'])}")
    if context.params.get("local") and verb in WITH_LOCAL and _platform_is_named():
        more.append("--local")
    return " ".join([command, *more])


def _platform_is_named() -> bool:
    from ml8s.platform.named import named_platform

    return named_platform() is not None
