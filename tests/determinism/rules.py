"""The rules that make results equal, each with the line of code that keeps it and what stands there without it.

A control is a run of a copy of the package from which one rule was taken out: it must be seen to differ, else the
comparison with the rule in place proves nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "ml8s"


@dataclass(frozen=True)
class Rule:
    """One rule: its name, and in which file which text keeps it."""

    name: str
    file: str
    text: str
    without: str


NO_PATHS = Rule(
    "no path in an artifact",
    "data/folds.py",
    '{**facts, "schema": SCHEMA',
    '{**facts, "folder": str(folder), "schema": SCHEMA',
)
UTC_TIMES = Rule(
    "times are UTC",
    "data/instants.py",
    "time = EPOCH + timedelta(microseconds=microseconds)",
    "time = datetime.fromtimestamp(microseconds / 1e6)",
)
UTF8 = Rule(
    "text is UTF-8 whatever the locale",
    "artifacts.py",
    'return _canonical_text(value).encode("utf-8")',
    'return _canonical_text(value).encode(__import__("locale").getpreferredencoding(False), "replace")',
)
COLUMN_WISE = Rule(
    "force_col_wise", "search/learners/boosted_lightgbm.py", '"force_col_wise": True', '"force_row_wise": True'
)
EXACT_HISTOGRAMS = Rule(
    "deterministic", "search/learners/boosted_lightgbm.py", '"deterministic": True', '"deterministic": False'
)
ORDER_OF_TREES = Rule(
    "trees are added in their order, on one thread",
    "scoring/forest.py",
    "for tree in range(leaves.shape[1]):",
    # As threads would finish: in any order.
    'for tree in __import__("random").SystemRandom().sample(range(leaves.shape[1]), leaves.shape[1]):',
)
NO_ADDRESS = Rule(
    "no address in a result object",
    "runner/cache.py",
    '"outputs": outputs, "facts": facts})',
    '"outputs": outputs, "facts": facts, "in_a_bucket": "s3://" in __import__("sys").argv[1]})',
)
NO_HISTORY = Rule(
    "a step depends on its inputs, not on what ran before it in its process",
    "steps/featurize.py",
    'return {"features": total,',
    'return {"features": total, "validated": "ml8s.steps.validate" in __import__("sys").modules,',
)
OWN_SEED = Rule(
    "a search's seed is the config's",
    "steps/search.py",
    "time_budget), context.config.seed, context.threads)",
    'time_budget), __import__("os").getpid(), context.threads)',
)
HASHED_ROWS = Rule(
    "a row's fold is a hash of its identity",
    "data/splitting.py",
    "return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)",
    "return np.arange(sum(map(len, parts)), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)",
)
FIRST_DECISION = Rule("the first search of a budget is adopted", "runner/cache.py", "    if decision:", "    if False:")
RELATIVE_CODE = Rule(
    "code is known by relative paths",
    "runner/code.py",
    r'f"{path.relative_to(package).as_posix()}\0',
    r'f"{path.as_posix()}\0',
)
HASH_SEED = Rule("PYTHONHASHSEED=0", "environment.py", '    "PYTHONHASHSEED": "0",\n', "")
SORTED_KEYS = Rule(
    "sorted keys",
    "artifacts.py",
    'items = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))',
    "items = list({key: value[key] for key in set(value)}.items())",
)


def copy_of_the_code(folder: Path, *without: Rule) -> Path:
    """A folder to import ``ml8s`` from: a copy of the package, with some rules taken out."""
    folder.mkdir(parents=True)
    shutil.copytree(PACKAGE, folder / "ml8s", ignore=shutil.ignore_patterns("__pycache__"))
    for rule in without:
        path = folder / "ml8s" / rule.file
        text = path.read_text(encoding="utf-8")
        assert text.count(rule.text) == 1, f"the rule '{rule.name}' is not where the control looks for it"
        path.write_text(text.replace(rule.text, rule.without), encoding="utf-8")
    return folder
