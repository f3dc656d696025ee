"""Bad config files, a sample: what only the file shows. tests/config/bad_configs.py has the values, row by row."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bad_input.case import Case, Make

UNREADABLE, VALUES = "ML8S-C002", "ML8S-C003"
GOOD: Final = "dataset_uri: data\ntask: classification\ntarget_column: y\nsplit: {strategy: random}\n"
LAUGHS: Final = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [" + ",".join(f"*{a}" for _ in range(9)) + "]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


def holding(content: str | bytes) -> Make:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda folder: (folder / "config.yaml").write_bytes(data)


def of(name: str, content: str | bytes, code: str, *says: str, where: str = "config.yaml", command: str = "validate config.yaml") -> Case:
    return Case(name, command, code, says, where, make=holding(content))


def a_folder(folder: Path) -> None:
    (folder / "config.yaml").mkdir()
    (folder / "config.yaml" / "fraud.yaml").write_text(GOOD)


def a_loop(folder: Path) -> None:
    (folder / "config.yaml").symlink_to("config.yaml")


CASES: Final = [
    of("an empty file", b"", UNREADABLE, "empty"),
    of("only a comment", "# nothing\n", UNREADABLE, "empty"),
    of("a byte order mark", b"\xef\xbb\xbf" + GOOD.encode(), UNREADABLE, "byte order mark", where="config.yaml:1:1"),
    of("UTF-16", GOOD.encode("utf-16"), UNREADABLE, "is UTF-16", where="config.yaml:1:1"),
    of("a NUL", GOOD.encode() + b"seed: \x00\n", UNREADABLE, "NUL byte", where="config.yaml:5:1"),
    of("Latin-1", GOOD.encode() + b"name: \xe9t\xe9\n", UNREADABLE, "is not UTF-8: byte 0xe9 in line 5", where="config.yaml:5:7"),
    of("50 MB", b"# " + b"x" * (50 << 20), UNREADABLE, "52428802 bytes", "at most 65536"),
    of("a billion laughs", LAUGHS, UNREADABLE, "anchors", where="config.yaml:1:4"),
    of("an object of Python", GOOD + "seed: !!python/object/apply:os.system [id]\n", UNREADABLE, "tags", where="config.yaml:5:7"),
    of("3,000 levels", GOOD + "columns: " + "[" * 3000 + "]" * 3000, UNREADABLE, "deep", where="config.yaml:5:"),
    of("3,000 mappings", GOOD + "columns: " + "{a: " * 3000 + "}" * 3000, UNREADABLE, "deep", where="config.yaml:5:"),
    of("6,000 values", GOOD + "columns: {ignore: [" + "a, " * 6000 + "]}\n", UNREADABLE, "more than 5,000 values"),
    of("two documents", GOOD + "---\n" + GOOD, UNREADABLE, "document", where="config.yaml:5:"),
    of("a key twice", GOOD + "task: regression\n", UNREADABLE, "written twice, first in line 2", where="config.yaml:5:1"),
    of("no YAML", "\x89PNG\r\n\x1a\n" + "x" * 100, UNREADABLE, "config.yaml"),
    of("a list", "- dataset_uri: data\n", UNREADABLE, "config.yaml"),
    of("a program", "#!/bin/sh\nrm -rf /\n", UNREADABLE, "config.yaml"),
    of("a template", GOOD + 'metric: "{{inputs.parameters.x}}"\n', UNREADABLE, "`{{` is not allowed", where="config.yaml:5:"),
    of("seven mistakes at once", "dataset_uri: http://x\ntask: clasification\ntarget_column: 1\nsplit: {strategy: tme}\nseed: no\nautoml: {time_budget: -1, estimators: [lgbm2]}\n", VALUES, "config.yaml has", "classification", "did you mean", where="config.yaml:2:7"),
    of("several by the run", "task: x\n", VALUES, "dataset_uri", "target_column", command="run config.yaml"),
    of("several by the plan", "task: x\n", VALUES, "dataset_uri", command="plan config.yaml"),
    of("several by train", "task: x\n", VALUES, "dataset_uri", command="train --config config.yaml"),
    of("several by config show", "task: x\n", VALUES, "dataset_uri", command="config show config.yaml"),
    of("a name that climbs", GOOD + "name: ../x\n", VALUES, "name", where="config.yaml:5:7"),
    of("a name that is a device", GOOD + "name: CON\n", VALUES, "name", where="config.yaml:5:7"),
    of("a name that reads as an id", GOOD + "name: fraud_20260211\n", VALUES, "name", where="config.yaml:5:7"),
    Case("no file", "validate config.yaml", "ML8S-C001", ("there is no config config.yaml", "check the path"), "config.yaml"),
    Case("a name misspelt", "validate confg.yaml", "ML8S-C001", ("did you mean config.yaml?",), "confg.yaml", make=holding(GOOD)),
    Case("a folder", "validate config.yaml", UNREADABLE, ("is a folder", "fraud.yaml"), "config.yaml", make=a_folder),
    Case("a link to itself", "validate config.yaml", UNREADABLE, ("cannot be read",), "config.yaml", make=a_loop),
    Case("a file of the system", "validate /proc/self/mem", UNREADABLE, ("/proc/self/mem",), "/proc/self/mem"),
    Case("a device without end", "validate /dev/zero", UNREADABLE, ("at most 65536",), "/dev/zero"),
    Case("a path of 5,000 letters", "validate " + "a" * 5000, UNREADABLE, ("cannot be read",)),
    Case("a newline in the path", "validate 'a\nb.yaml'", "ML8S-C001", ("there is no config",), "a\\nb.yaml"),
]
