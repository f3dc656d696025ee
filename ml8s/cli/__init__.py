"""The command line: the table of verbs, and the one place where an exception becomes text and an exit status.

A verb is one file that defines ``command``; it is imported only when it is called, so ``ml8s --help`` reads nothing
but the table. Data goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import FrameType

import click

from ml8s.cli import ui
from ml8s.errors import Interrupted, InvalidUsage, ML8sError, Terminated

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
BROKEN_PIPE = 141  # as a shell counts a death by SIGPIPE
OUTPUT_LOST = 3

# Verb -> where its command is, and its line in --help, which stands here alone. The order is the one in which a
# newcomer meets them.
VERBS: Mapping[str, tuple[str, str]] = {
    "init": ("ml8s.cli.init:command", "Start from an example: its config and a small snapshot."),
    "validate": ("ml8s.cli.validate:command", "Check a config, and with --data its snapshot too."),
    "plan": ("ml8s.cli.plan:command", "Show what is cached, what would run, and why."),
    "run": ("ml8s.cli.run:command", "Train a model: from a config to a registered candidate."),
    "train": ("ml8s.cli.train:command", "The same as run, as `ml8s train --config URI`."),
    "compile": ("ml8s.cli.compile:command", "Compile a config into Argo Workflows objects."),
    "predict": ("ml8s.cli.predict:command", "Predict rows with a registered model."),
    "explain": ("ml8s.cli.explain:command", "Explain a field, a step, a metric, an error code or a feature."),
    "doctor": ("ml8s.cli.doctor:command", "Check that a store and a cluster are fit for ML8s."),
    "schema": ("ml8s.cli.schema:command", "Print the JSON Schema of a config, for editors."),
    "version": ("ml8s.cli.version:command", "Print the version of ML8s and of what it computes with."),
    "completion": ("ml8s.cli.completion:command", "Print the completion script of a shell."),
}

# Group -> its line in --help, and its verbs.
GROUPS: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
    "config": (
        "Look into a config.",
        {
            "show": ("ml8s.cli.config_show:command", "Show every value of a config and where it came from."),
        },
    ),
    "runs": (
        "Look into runs.",
        {
            "list": ("ml8s.cli.runs_list:command", "List the latest runs."),
            "show": ("ml8s.cli.runs_show:command", "Show one run: who, what, where, how it ended."),
            "logs": ("ml8s.cli.runs_logs:command", "Print what the steps of a run wrote."),
            "report": ("ml8s.cli.runs_report:command", "Print the report of a run, and where its page is."),
            "retry": ("ml8s.cli.runs_retry:command", "Run a cluster run again, from where it ended."),
            "stop": ("ml8s.cli.runs_stop:command", "End a run in a cluster."),
            "settle": ("ml8s.cli.runs_settle:command", "Settle a key with two different results, or a damaged one."),
        },
    ),
    "models": (
        "Look into registered models.",
        {
            "list": ("ml8s.cli.models_list:command", "List the registered models."),
            "show": ("ml8s.cli.models_show:command", "Show one model: metrics, origin, artifacts."),
            "report": ("ml8s.cli.models_report:command", "Print or save a model's evaluation report."),
            "compare": ("ml8s.cli.models_compare:command", "Compare two models."),
            "history": ("ml8s.cli.models_history:command", "Show what happened to a model or a name."),
            "verify": ("ml8s.cli.models_verify:command", "Hash a model's record and artifacts again."),
            "reproduce": ("ml8s.cli.models_reproduce:command", "Train a model again from its record, and compare."),
        },
    ),
    "features": (
        "Look into a model's features, and refresh what predictions look up.",
        {
            "refresh": ("ml8s.cli.features_refresh:command", "Carry a model's lookup state on to a newer snapshot."),
            "explain": ("ml8s.cli.features_explain:command", "Say how a feature of a model comes about."),
        },
    ),
    "data": (
        "Publish and check snapshots.",
        {
            "publish": ("ml8s.cli.data_publish:command", "Publish an immutable snapshot from CSV or Parquet files."),
            "check": ("ml8s.cli.data_check:command", "Check every row of a snapshot against its contract."),
            "fingerprint": ("ml8s.cli.data_fingerprint:command", "Print the digest of a snapshot."),
        },
    ),
}


class LazyGroup(click.Group):
    """A group that knows its verbs by name and imports one when it is called."""

    def __init__(self, name: str, summary: str, verbs: Mapping[str, tuple[str, str]], *groups: LazyGroup) -> None:
        super().__init__(name, help=summary, short_help=summary, context_settings=CONTEXT, no_args_is_help=True)
        self.verbs = verbs
        for group in groups:
            self.add_command(group)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the table, then the groups."""
        return [*self.verbs, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the verb; None where the table has none of this name."""
        if cmd_name not in self.verbs:
            return self.commands.get(cmd_name)
        place, line = self.verbs[cmd_name]
        module, attribute = place.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        command.name, command.short_help = cmd_name, line
        command.context_settings = {**CONTEXT, **command.context_settings}
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs in --help, from the table alone."""
        rows = [(name, summary) for name, (_, summary) in self.verbs.items()]
        rows += [
            (name, f"{group.short_help} ({', '.join(group.list_commands(ctx))})")
            for name, group in self.commands.items()
            if isinstance(group, LazyGroup) and group.verbs
        ]
        if not rows:
            return
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the verb; an unknown one is an error that names the nearest."""
        command = self.get_command(ctx, args[0])
        if command is None:
            if args[0].startswith("-"):
                ctx.fail(f"no such option {args[0]!r}")
            raise InvalidUsage(f"`{ctx.command_path}` has no command {args[0]!r}", cure=self._suggestion(ctx, args[0]))
        return args[0], command, args[1:]

    def _suggestion(self, ctx: click.Context, word: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(word, self.list_commands(ctx), n=1)
        if near:
            return f"did you mean `{ctx.command_path} {near[0]}`?"
        return f"`{ctx.command_path} --help` lists all commands"


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from ml8s import __version__

        ui.data(f"ml8s {__version__}")
        ctx.exit()


cli = LazyGroup(
    "ml8s",
    "One YAML in, a governed production model out.",
    VERBS,
    *(LazyGroup(name, summary, verbs) for name, (summary, verbs) in GROUPS.items()),
)
cli.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_version,
        help="Print the version.",
    )
)


class SigtermError(KeyboardInterrupt):
    """SIGTERM, as an interrupt: no ``except Exception`` of a library swallows it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and answers its exit status; nothing else in ML8s turns an exception into text."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = _call(list(sys.argv[1:] if arguments is None else arguments))
        ui.flush()
    except KeyboardInterrupt:  # a second one, before the end of the first was told
        status = Interrupted.exit_status
    except BrokenPipeError:
        status = BROKEN_PIPE
    except OSError as lost:
        ui.note(f"error: stdout cannot be written: {lost.strerror}")
        status = OUTPUT_LOST
    ui.forget_stdout_on_failure()
    return status


def _call(arguments: list[str]) -> int:
    try:
        return _invoke(arguments)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as wish:
        ui.note(wish.format_message())
        return InvalidUsage.exit_status
    except ui.OutputLostError as lost:
        raise lost.reason from None
    except (Exception, KeyboardInterrupt) as exception:  # the last resort of every command
        if isinstance(exception, KeyboardInterrupt | Interrupted | Terminated):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end is near: one more Ctrl-C must not change its status
        return ui.fail(_as_error(exception))


def _invoke(arguments: list[str]) -> int:
    if "_ML8S_COMPLETE" in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "ml8s", "_ML8S_COMPLETE", os.environ["_ML8S_COMPLETE"])
    with cli.make_context("ml8s", arguments) as context:
        cli.invoke(context)
    return 0


def _as_error(exception: BaseException) -> ML8sError:
    if isinstance(exception, ML8sError):
        return exception
    if isinstance(exception, KeyboardInterrupt | click.Abort):
        kind = Terminated if isinstance(exception, SigtermError) else Interrupted
        return kind(kind.__name__.lower(), cure="run the same command again: finished work is kept")
    if isinstance(exception, click.ClickException):
        return _as_usage_error(exception)
    from ml8s.runner.exhaustion import as_error

    return as_error(exception, "this command")


def _as_usage_error(refusal: click.ClickException) -> InvalidUsage:
    context = getattr(refusal, "ctx", None)
    path = context.command_path if context else "ml8s"
    return InvalidUsage(refusal.format_message().rstrip(), where=path, cure=f"`{path} --help` shows how it is called")


def _terminate(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends the process at once
    raise SigtermError
