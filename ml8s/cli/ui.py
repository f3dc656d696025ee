"""The only writer to the terminal: data on stdout, everything else on stderr.

Words have their control characters escaped and their secrets hidden; data is escaped on a terminal only. Colours are
used only on a terminal and without NO_COLOR.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from ml8s.cli import options
from ml8s.errors import ML8sError, Problem
from ml8s.redaction import hide_secrets

if TYPE_CHECKING:
    from ml8s.artifacts import Json

RED, GREEN, BOLD, DIM = "31", "32", "1", "2"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MOST_PROBLEMS = 50
_LONGEST_LINE = 2000


class OutputLostError(Exception):
    """stdout cannot be written; ``reason`` is the OSError."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def data(text: str) -> None:
    """Writes what the command was asked for and a newline; on a terminal with its control characters escaped."""
    if sys.stdout is None:
        raise OutputLostError(OSError(errno.EBADF, "it is closed"))
    try:
        shown = _printable(text, sys.stdout) if sys.stdout.isatty() else _encodable(text, sys.stdout)
        sys.stdout.write(shown + "\n")
    except OSError as reason:
        raise OutputLostError(reason) from None


def note(text: str, style: str = "") -> None:
    """Writes a line for the reader to stderr; a closed stderr stops no command."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(paint(_printable(hide_secrets(text), sys.stderr), style, sys.stderr) + "\n")
        sys.stderr.flush()
    except OSError:
        return


def next_command(text: str) -> None:
    """Says which command comes next; with the store and the overrides that this one was given."""
    note(f"next: {options.with_same_options(text)}", DIM)


def warning(text: str) -> None:
    """Says what the reader should know though nothing failed."""
    note(f"warning: {text}")


def flush() -> None:
    """Sends what stdout still holds; raises OSError where it cannot."""
    if sys.stdout is not None:
        sys.stdout.flush()


def forget_stdout_on_failure() -> None:
    """Keeps the interpreter from complaining once more, at its end, about a stdout that is gone."""
    try:
        flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that understands colours and moving cursors."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO) -> str:
    """The text with a style where the stream is a terminal and NO_COLOR is not set."""
    if not style or not is_terminal(stream) or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def emit(value: Json, output: str, columns: Sequence[str] = ()) -> None:
    """Writes rows (a list of mappings) or one value in the form that ``-o`` asked for.

    ``columns`` are the keys of a table, in order; the first one is what ``-o name`` prints.
    """
    if output == "json":
        import json

        data(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
    elif output == "yaml":
        import yaml

        data(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100).rstrip("\n"))
    elif output == "name":
        for row in _rows(value):
            value = row[columns[0]] if columns else next(iter(row.values()))
            data(str(value).lower() if isinstance(value, bool) else str(value))
    else:
        data(table(_rows(value), columns))


def _rows(value: Json) -> list[Mapping[str, Json]]:
    if isinstance(value, Mapping):
        return [{"field": key, "value": item} for key, item in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [row if isinstance(row, Mapping) else {"value": row} for row in value]
    return [{"value": value}]


def table(rows: Sequence[Mapping[str, Json]], columns: Sequence[str] = ()) -> str:
    """Rows as aligned text with a head line; numbers stand right, a missing value is ``-``."""
    names = list(columns) or list(dict.fromkeys(key for row in rows for key in row))
    lines = [[name.upper().replace("_", " ") for name in names]]
    lines += [[_cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    right = [bool(rows) and all(_is_number(row.get(name)) for row in rows) for name in names]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _is_number(value: Json) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: Json) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return value.replace("\n", "\\n")
    import json

    return json.dumps(value, ensure_ascii=False)


def fail(error: ML8sError) -> int:
    """Writes an error (what, where, the first 50 problems with their lines, the cure) and answers its exit status."""
    lines = [f"{paint('error', RED, sys.stderr) if sys.stderr else 'error'} {error.code}: {_one_line(error.message)}"]
    if error.where:
        lines.append(f"  at {_one_line(error.where)}")
    for problem in error.problems[:_MOST_PROBLEMS]:
        lines += ["", *_problem_lines(problem)]
    if len(error.problems) > _MOST_PROBLEMS:
        lines += ["", f"… and {len(error.problems) - _MOST_PROBLEMS:,} more"]
    if error.problems:
        lines.append("")
    if error.cure:
        lines.append(f"  cure: {error.cure}")
    _note_painted("\n".join(lines))
    return error.exit_status


def _one_line(text: str) -> str:
    line = text.replace("\n", "\\n")
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE // 2]}…{line[-_LONGEST_LINE // 2 :]}"


def _problem_lines(problem: Problem) -> list[str]:
    place = f"{_one_line(problem.where)}: " if problem.where else ""
    lines = [f"{place}{_one_line(problem.message)}"]
    if problem.excerpt:
        lines += [f"    {line}" for line in problem.excerpt.splitlines()]
    if problem.cure:
        lines.append(f"    cure: {problem.cure}")
    return lines


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _printable(text: str, stream: TextIO) -> str:
    """The text without control characters, and with characters that the stream cannot encode escaped."""
    return _encodable(_CONTROL.sub(_escaped, text), stream)


def _encodable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _note_painted(text: str) -> None:
    head, separator, rest = text.partition(":")
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(head + separator + _printable(hide_secrets(rest), sys.stderr) + "\n")
        sys.stderr.flush()
    except OSError:
        return
