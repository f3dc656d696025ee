"""Quality on public data sets: ML8s against LightGBM's defaults and plain FLAML, same folds, same CPU seconds.

``python benchmarks/quality.py FOLDER [--budget 120] [--seeds 5] [--problems adult,churn]`` reads the data sets from
FOLDER, runs every contender in a process of its own on one thread under the environment pin, and writes the section
"Quality" of docs/benchmarks.md. Each finished run is one line of ``--results`` and is not repeated, so the benchmark
can be stopped and taken up again. ``--only`` runs some of the contenders (``none``: the table alone).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from quality_data import PROBLEMS

from ml8s.config.metrics import find_metric
from ml8s.environment import pinned_environment

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
CONTENDERS = ("lightgbm", "flaml", "ml8s")
PAIRS = (("ml8s", "lightgbm"), ("ml8s", "flaml"), ("ml8s blend", "flaml"))
Results = dict[str, dict]
METRICS = {"letters": "log_loss", "diamonds": "rmse", "rank": "ndcg@10"}
BEGIN, END = "<!-- quality: begin -->", "<!-- quality: end -->"


def main() -> None:
    """Runs what is missing, then writes the table."""
    options = parse()
    results = finished(options.results)
    for problem in options.problems.split(","):
        for seed in range(options.seeds):
            for contender in wanted(options):
                key = f"{problem} {seed} {contender} {options.budget:g}"
                if key not in results:
                    results[key] = run(options.folder, problem, seed, contender, options.budget)
                    with options.results.open("a") as file:
                        file.write(json.dumps({"run": key, **results[key]}) + "\n")
                print(key, json.dumps(results[key]), file=sys.stderr)
    section = describe(results, options)
    print(section)
    if not options.no_page:
        write_section(section)


def wanted(options: argparse.Namespace) -> tuple[str, ...]:
    """The contenders to run."""
    asked = options.only.split(",") if options.only else CONTENDERS
    return tuple(contender for contender in CONTENDERS if contender in asked)


def finished(path: Path) -> Results:
    """The runs of earlier calls, by problem, seed, contender and budget."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {run.pop("run"): run for run in map(json.loads, lines)}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Quality on public data sets.")
    parser.add_argument("folder", type=Path, help="folder of the data sets")
    parser.add_argument("--budget", type=float, default=120, help="CPU seconds of each search, default 120")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, default 5")
    parser.add_argument("--problems", default=",".join(PROBLEMS), help="names, separated by commas")
    parser.add_argument("--results", type=Path, default=Path("quality-results.jsonl"), help="finished runs")
    parser.add_argument("--only", default="", help="contenders to run, separated by commas, or none")
    parser.add_argument("--no-page", action="store_true", help="print the table and leave docs/benchmarks.md alone")
    return parser.parse_args()


def run(folder: Path, problem: str, seed: int, contender: str, budget: float) -> dict[str, object]:
    """One contender in a process of its own: its scores on test and the CPU seconds that it took."""
    command = [sys.executable, str(HERE / "quality_contenders.py"), str(folder), problem]
    environment = pinned_environment() | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(seed), contender, str(budget)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def gains(results: Results, problem: str, options: argparse.Namespace, one: str, other: str) -> list[float]:
    """By how much ``one`` is better than ``other``, per finished seed, as a fraction of the score of the defaults."""
    metric = find_metric(METRICS.get(problem, "roc_auc"))
    sign = 1 if metric.greater_is_better else -1
    rows = [scores_of(results, problem, seed, options.budget) for seed in range(options.seeds)]
    return [sign * (row[one] - row[other]) / row["lightgbm"] for row in rows if {one, other, "lightgbm"} <= set(row)]


def scores_of(results: Results, problem: str, seed: int, budget: float) -> dict[str, float]:
    """All scores of one data set and seed that are finished."""
    merged: dict[str, float] = {}
    for contender in CONTENDERS:
        merged |= results.get(f"{problem} {seed} {contender} {budget:g}", {}).get("scores", {})
    return merged


def describe(results: Results, options: argparse.Namespace) -> str:
    """The section: every pair, losses included, then the means; what was not run is shown as ``-``."""
    lines = [
        f"{options.seeds} seeds at most, the same folds for all, one thread, {options.budget:g} CPU seconds a search,",
        "estimators lgbm and xgboost. A gain is the difference to the other on the test fold, as a fraction of the",
        "score of LightGBM's defaults: mean ± standard error over the seeds, and how many; above zero ML8s is better.",
        "",
        "| data set | metric | LightGBM | FLAML | ML8s | ML8s, blend | gain over LightGBM | gain over FLAML | blend "
        "over FLAML |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    problems = options.problems.split(",")
    for problem in problems:
        rows = [scores_of(results, problem, seed, options.budget) for seed in range(options.seeds)]
        cells = [problem, METRICS.get(problem, "roc_auc")]
        for name in ("lightgbm", "flaml", "ml8s", "ml8s blend"):
            known = [row[name] for row in rows if name in row]
            cells.append(f"{statistics.fmean(known):.5g}" if known else "-")
        cells += [spread(gains(results, problem, options, *pair)) for pair in PAIRS]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append(f"| {' | '.join(['mean', *[''] * 5, *(overall(results, options, *pair) for pair in PAIRS)])} |")
    lines += ["", "Per seed, gain over LightGBM:", ""]
    for problem in problems:
        alone = gains(results, problem, options, "ml8s", "lightgbm")
        lines.append(f"- {problem}: " + (", ".join(f"{gain:+.4f}" for gain in alone) or "-"))
    return "\n".join(lines)


def overall(results: Results, options: argparse.Namespace, one: str, other: str) -> str:
    """The mean gain over all data sets; ``-`` unless each of them has one."""
    each = [gains(results, problem, options, one, other) for problem in options.problems.split(",")]
    return f"{statistics.fmean(map(statistics.fmean, each)):+.4f}" if all(each) else "-"


def spread(values: list[float]) -> str:
    """Mean ± standard error (number of seeds)."""
    if len(values) < 2:
        return "".join(f"{value:+.4f} (1)" for value in values) or "-"
    error = statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.fmean(values):+.4f} ± {error:.4f} ({len(values)})"


def write_section(section: str) -> None:
    """Puts the section between its two marks in docs/benchmarks.md."""
    text = PAGE.read_text() if PAGE.exists() else "# Benchmarks\n"
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n## Quality\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{section}\n{END}{after}")


if __name__ == "__main__":
    main()
