"""The command as a user meets it: exit statuses, streams, signals, colours, bugs."""

from __future__ import annotations

import os
import pty
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import ML8S, python, run

GOOD = "dataset_uri: data\ntask: regression\ntarget_column: price\nsplit: {strategy: random}\n"
BREAK = (
    "import sys; from ml8s import cli;"
    "cli.cli.verbs = {**cli.VERBS, 'break': ('tests.cli.failing:command', 'x')};"
    "sys.exit(cli.main(['break']))"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "pricing.yaml"
    path.write_text(GOOD)
    return path


def test_help_lists_every_command_on_stdout() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for verb in ("validate", "explain", "schema", "config", "version", "completion"):
        assert re.search(rf"^  {verb} ", done.stdout, re.MULTILINE)


def test_a_valid_config_is_said_so_with_the_next_command(config: Path) -> None:
    done = run("validate", config)
    assert done.returncode == 0
    assert done.stdout == f"{config} is valid: the model pricing, regression of price\n"
    assert done.stderr == f"next: ml8s run {config}\n"
    overridden = run("validate", config, "--set", "evaluation.gates.mae='< 9'", "--set", "seed=3")
    assert overridden.stderr == f"next: ml8s run {config} --set 'evaluation.gates.mae='\"'\"'< 9'\"'\"'' --set seed=3\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "Usage: ml8s"),
        (("vaildate", "x"), 2, "did you mean `ml8s validate`?"),
        (("zzz",), 2, "`ml8s --help` lists all commands"),
        (("config", "shwo"), 2, "did you mean `ml8s config show`?"),
        (("--store",), 2, "No such option"),
        (("validate",), 2, "Missing argument 'CONFIG'"),
        (("validate", "a", "b"), 2, "unexpected extra argument"),
        (("validate", "--sett", "a=b", "c"), 2, "--set"),
        (("validate", "missing.yaml"), 2, "ML8S-C001"),
        (("validate", "/"), 2, "ML8S-C002"),
        (("explain", "time_budgt"), 2, "did you mean `ml8s explain automl.time_budget`?"),
        (("completion", "tcsh"), 2, "'bash', 'zsh', 'fish'"),
        (("config", "show", "-o", "xml", "x"), 2, "'table', 'json', 'yaml', 'name'"),
    ],
)
def test_bad_usage_exits_2_with_its_cure_on_stderr(arguments: tuple[str, ...], status: int, words: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_every_problem_of_a_config_is_shown_with_its_line_and_cure(config: Path) -> None:
    config.write_text(GOOD.replace("random", "radnom") + "sede: 1\n")
    done = run("validate", config)
    assert done.returncode == 2
    assert f"error ML8S-C003: {config} has 2 problems" in done.stderr
    assert f"{config}:4:19: `split.strategy` must be one of" in done.stderr
    assert "    split: {strategy: radnom}\n                      ^\n    cure: did you mean `random`?" in done.stderr
    assert f"{config}:5:1: there is no field `sede`" in done.stderr


def test_python_m_ml8s_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "ml8s", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").stdout
    assert done.stdout.startswith("ml8s 0.")


def test_output_that_nobody_reads_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([str(ML8S), "explain"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_output_that_cannot_be_written_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([str(ML8S), "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "error: stdout cannot be written: No space left on device\n")


@pytest.mark.parametrize(("closed", "status"), [(">&-", 3), ("2>&-", 0), (">&- 2>&-", 3)])
def test_closed_streams_are_no_traceback(closed: str, status: int) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{ML8S} version {closed}"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == status
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("sent", "status", "words"), [(signal.SIGINT, 130, "ML8S-S008"), (signal.SIGTERM, 143, "ML8S-S009")]
)
def test_a_signal_ends_the_command_with_its_status(
    tmp_path: Path, sent: signal.Signals, status: int, words: str
) -> None:
    fifo = tmp_path / "slow.yaml"
    os.mkfifo(fifo)
    process = subprocess.Popen([str(ML8S), "validate", str(fifo)], stderr=subprocess.PIPE, text=True)
    with fifo.open("wb"):  # opens when the command has opened it too, and waits for content
        process.send_signal(sent)
        _, said = process.communicate(timeout=30)
    assert process.returncode == status
    assert words in said
    assert "Traceback" not in said


def test_a_bug_is_one_line_and_a_private_file_without_secrets(tmp_path: Path) -> None:
    secret = "wJalrXUtnFEMIK7MDENG"
    done = python(BREAK, {"AWS_SECRET_ACCESS_KEY": secret, "TMPDIR": str(tmp_path)})
    [file] = tmp_path.iterdir()
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.splitlines() == [
        "error ML8S-S010: a bug of ML8s: RuntimeError: cannot sign with *** at s3://***@bucket",
        f"  at {file}",
        "  cure: please report it with that file",
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "Traceback (most recent call last)" in text
    assert "failing.py" in text
    assert secret not in text


def test_a_bug_is_reported_even_where_no_file_can_be_written() -> None:
    done = python(BREAK, {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENG", "TMPDIR": "/proc"})
    assert done.returncode == 70
    assert "RuntimeError" in done.stderr


def said_on_a_terminal(*arguments: str, **environment: str) -> str:
    leader, follower = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    subprocess.run(
        [str(ML8S), *arguments],
        stderr=follower,
        stdout=subprocess.PIPE,
        check=False,
        env={**kept, "TERM": "xterm", **environment},
    )
    os.close(follower)
    said = os.read(leader, 65536).decode()
    os.close(leader)
    return said


def test_colours_are_for_terminals_without_no_color() -> None:
    assert "\x1b[31merror\x1b[0m" in said_on_a_terminal("validate", "missing.yaml")
    assert "\x1b" not in said_on_a_terminal("validate", "missing.yaml", NO_COLOR="1")
    assert "\x1b" not in said_on_a_terminal("validate", "missing.yaml", TERM="dumb")
    assert "\x1b" not in run("validate", "missing.yaml").stderr


def test_control_characters_of_a_path_do_not_reach_the_terminal() -> None:
    said = run("validate", "a\x1b]0;owned\x07b.yaml").stderr
    assert "\x1b" not in said
    assert "\\x1b" in said


def test_credentials_in_an_address_are_not_printed(config: Path) -> None:
    config.write_text(GOOD.replace("data\n", "s3://key:topsecret@bucket/x\n", 1))
    done = run("validate", config)
    assert done.returncode == 2
    assert "topsecret" not in done.stdout + done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_ML8S_COMPLETE" in done.stdout


def test_completion_knows_verbs_and_options() -> None:
    words = {"COMP_WORDS": "ml8s config s", "COMP_CWORD": "2", "_ML8S_COMPLETE": "bash_complete"}
    assert run(environment=words).stdout == "plain,show\n"


def test_an_output_of_an_ascii_locale_is_escaped_not_lost(config: Path) -> None:
    config.write_text(GOOD.replace("price", "prix_été"))
    done = run("validate", config, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "prix_\\xe9t\\xe9" in done.stdout
