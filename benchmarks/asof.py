"""The as-of engine against a hand-written numpy script and against Featuretools with a cutoff per row.

    python benchmarks/asof.py [--rows 1750000] [--long 10000000] [--keys 200000] [--featuretools 10000]

Script and engine read one Parquet file and write one matrix, each in its own process, alternating, three times; the
median CPU time of the whole process counts. Featuretools is timed on ``--timed`` random rows, extrapolated by
the row. All times are CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml8s.environment import pinned_environment, start_anew_pinned
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.rows import Events, Queries
from ml8s.features.asof.state import LookupState, write_state

HERE = Path(__file__).parent
DAY = 86_400_000_000


def write_history(path: Path, rows: int, seed: int = 0) -> None:
    """Card payments of half a year: 5,000 customers and 10,000 terminals per 1.75 M rows."""
    random = np.random.default_rng(seed)
    customers, terminals = max(rows // 350, 5), max(rows // 175, 10)
    columns = {
        "customer": random.integers(0, customers, rows),
        "terminal": random.integers(0, terminals, rows),
        "time": np.sort(1_700_000_000_000_000 + random.integers(0, 183 * DAY, rows)),
        "amount": np.round(random.lognormal(3, 1, rows), 2),
        "fraud": (random.random(rows) < 0.01).astype(np.float64),
    }
    pq.write_table(pa.table(columns), path)


def cpu(script: str, source: Path, target: Path) -> tuple[float, str]:
    """CPU seconds of a process, imports, reading and writing included, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(HERE / script), str(source), str(target)]
    environment = {**pinned_environment(), "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def against_script(folder: Path, rows: int) -> None:
    """Prints both costs, their ratio, the largest relative difference, and the engine's memory."""
    source, script, engine = folder / "rows.parquet", folder / "script.npy", folder / "engine.npy"
    write_history(source, rows)
    costs: dict[str, list[float]] = {"asof_script.py": [], "asof_run.py": []}
    printed = ""
    for _ in range(3):
        for name, target in (("asof_script.py", script), ("asof_run.py", engine)):
            seconds, printed = cpu(name, source, target)
            costs[name].append(seconds)
    by_hand, ours = (statistics.median(values) for values in costs.values())
    first, second = np.load(script), np.load(engine)
    difference = np.nanmax(np.abs(first - second) / np.maximum(np.abs(second), 1e-300))
    said = json.loads(printed)
    print(f"{rows} rows: script {by_hand:.2f} s, engine {ours:.2f} s, ratio {ours / by_hand:.2f}")
    print(f"  nulls equal: {bool((np.isnan(first) == np.isnan(second)).all())}, largest difference {difference:.1e}")
    print(f"  call alone {said['seconds']:.2f} s; {memory(said)}")


def memory(said: dict[str, float]) -> str:
    """The engine's peak beyond its inputs, as multiples of the columns in use."""
    whole = said["grown"] + said["inputs"]
    ratio, wide = whole / said["inputs"], whole / (said["inputs"] + said["matrix"])
    return f"peak {whole / 2**20:.0f} MiB = {ratio:.2f} x input columns, {wide:.2f} x input and output columns"


def growth(folder: Path, rows: int) -> None:
    """Prints the engine's call at a tenth of the rows and at all of them."""
    seconds = {}
    for count in (rows // 10, rows):
        source = folder / f"{count}.parquet"
        write_history(source, count)
        said = json.loads(cpu("asof_run.py", source, folder / "matrix.npy")[1])
        seconds[count] = said["seconds"]
        print(f"{count} rows: call {said['seconds']:.2f} s; {memory(said)}")
    print(f"  ratio {seconds[rows] / seconds[rows // 10]:.1f}")


def against_featuretools(rows: int, timed: int) -> None:
    """Prints the time of Featuretools with a cutoff per row (extrapolated from ``timed`` rows) and of the engine."""
    warnings.simplefilter("ignore")
    import featuretools as ft
    import pandas as pd

    random = np.random.default_rng(1)
    keys, at = random.integers(0, rows // 50, rows), 1_700_000_000_000_000 + random.integers(0, 183 * DAY, rows)
    amount = np.round(random.lognormal(3, 1, rows), 2)
    times = pd.to_datetime(at * 1000)
    table = pd.DataFrame({"row": range(rows), "at": times, "customer": keys, "amount": amount})
    entities = ft.EntitySet("bench").add_dataframe(table, "events", index="row", time_index="at")
    entities.normalize_dataframe("events", "customers", "customer", make_time_index=False)
    wanted = ft.dfs(
        entityset=entities,
        target_dataframe_name="customers",
        agg_primitives=["count", "sum", "mean"],
        trans_primitives=[],
        features_only=True,
    )
    cutoff = pd.DataFrame({"instance_id": keys, "time": times})
    chosen = np.sort(random.choice(rows, timed, replace=False))
    began = time.process_time()
    options = {"include_cutoff_time": False, "cutoff_time_in_index": True}
    theirs = ft.calculate_feature_matrix(wanted, entities, cutoff_time=cutoff.iloc[chosen], **options)
    slow = (time.process_time() - began) * rows / timed
    entity = ("customer",)
    asked = [
        AsOfFeature(name, entity, name, None if name == "count" else "amount") for name in ("count", "sum", "mean")
    ]
    events = Events({entity: keys}, at, {"amount": amount})
    fast = []
    for _ in range(5):
        began = time.process_time()
        ours = compute(asked, events, Queries(events.keys, at), refresh=None)
        fast.append(time.process_time() - began)
    position = {(keys[row], times[row]): row for row in chosen}
    rows_of = [position[index] for index in theirs.index]
    columns = ["COUNT(events)", "SUM(events.amount)", "MEAN(events.amount)"]
    expected = theirs[columns].astype(float).to_numpy()
    np.testing.assert_allclose(ours[rows_of], expected, rtol=1e-9)
    print(
        f"{rows} rows: Featuretools {slow:.0f} s ({timed} rows timed), engine {statistics.median(fast):.4f} s, "
        f"{slow / statistics.median(fast):.0f} times faster, values equal"
    )


def lookups(keys: int) -> None:
    """Prints the time of a point lookup in a state of twelve features and that many keys."""
    random = np.random.default_rng(2)
    rows, entity = 4 * keys, ("customer",)
    events = Events(
        {entity: random.integers(0, keys, rows)},
        1_700_000_000_000_000 + random.integers(0, 183 * DAY, rows),
        {"amount": np.round(random.lognormal(3, 1, rows), 2)},
    )
    features = [
        AsOfFeature(f"{name} {window}", entity, name, None if name == "count" else "amount", window)
        for name in ("count", "sum", "mean", "max")
        for window in (7 * DAY, 30 * DAY, None)
    ]
    labels = {entity: [(f"C{number:08d}",) for number in range(keys)]}
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        write_state(Path(folder), features, events, labels, refresh=DAY)
        wrote = time.process_time() - began
        state = LookupState.open(Path(folder))
        asked = [{entity: labels[entity][number]} for number in random.integers(0, keys, 20_000)]
        began = time.process_time()
        for key in asked:
            state.row(key)
        each = (time.process_time() - began) / len(asked)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    print(
        f"state of {keys} keys from {rows} rows: written in {wrote:.1f} s, {size / 2**20:.0f} MiB, "
        f"{each * 1e6:.1f} µs a row of {len(features)} features"
    )


def main() -> None:
    """Runs the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_750_000)
    parser.add_argument("--long", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=200_000)
    parser.add_argument("--featuretools", type=int, default=10_000)
    parser.add_argument("--timed", type=int, default=500, help="rows that Featuretools is timed on")
    options = parser.parse_args()
    start_anew_pinned([sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as folder:
        if options.rows:
            against_script(Path(folder), options.rows)
        if options.long:
            growth(Path(folder), options.long)
    if options.keys:
        lookups(options.keys)
    if options.featuretools:
        against_featuretools(options.featuretools, options.timed)


if __name__ == "__main__":
    main()
