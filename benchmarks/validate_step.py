"""CPU time of the validate step beside a bare pyarrow script, and its peak memory.

The bare script reads every column, takes minimum, maximum, null and finite counts, and hashes the file. Both run in a
process of their own, over the same file, in turn; the median of the rounds counts. ::

    python benchmarks/validate_step.py                       # 200,000 and 1,000,000 rows x 20 columns
    python benchmarks/validate_step.py --rows 10000000 --rounds 1
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = 20
CHUNK = 500_000

MEASURED = """
import resource, sys, time
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime - start, usage.ru_maxrss)
"""

START = """
import resource
usage = resource.getrusage(resource.RUSAGE_SELF)
start = usage.ru_utime + usage.ru_stime
"""

BARE = (
    """
import hashlib, sys
from pathlib import Path
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
"""
    + START
    + """
path = Path(sys.argv[1]) / "train.parquet"
with path.open("rb") as file:
    hashlib.file_digest(file, "sha256").hexdigest()
with pq.ParquetFile(path) as file:
    for batch in file.iter_batches(batch_size=65536, use_threads=False):
        for values in batch.columns:
            values.null_count
            pc.min_max(values)
            if pa.types.is_floating(values.type):
                pc.sum(pc.is_finite(values))
"""
    + MEASURED
)

STEP = (
    """
import sys, tempfile
from pathlib import Path
from ml8s.config.model import Config, Split
from ml8s.steps import validate
from ml8s.steps.context import StepContext
"""
    + START
    + """
config = Config(dataset_uri="x", task="classification", target_column="y",
                split=Split(strategy="time", time_column="when"))
with tempfile.TemporaryDirectory() as out:
    validate.run(StepContext(config, {}), snapshot=Path(sys.argv[1]), dataset=Path(out))
"""
    + MEASURED
)


def write_snapshot(folder: Path, rows: int) -> None:
    """A snapshot of 20 columns: a key, a time, three texts, two integers, a target and twelve numbers."""
    rng = np.random.default_rng(7)
    writer = None
    for first in range(0, rows, CHUNK):
        table = _rows(rng, first, min(CHUNK, rows - first))
        writer = writer or pq.ParquetWriter(folder / "train.parquet", table.schema, compression="zstd")
        writer.write_table(table, row_group_size=131_072)
    if writer is not None:
        writer.close()
    names = {"id": "integer", "when": "datetime", "country": "string", "channel": "string", "customer": "string",
             "visits": "integer", "age": "integer", "y": "integer"}  # fmt: skip
    names |= {f"x{index}": "number" for index in range(COLUMNS - len(names))}
    fields = [{"name": name, "type": type_} for name, type_ in names.items()]
    schema = {"ml8s:version": 1, "fields": fields, "primaryKey": "id"}
    (folder / "schema.json").write_text(json.dumps(schema))


def _rows(rng: np.random.Generator, first: int, rows: int) -> pa.Table:
    number = np.arange(first, first + rows)
    customers = pa.array([f"customer {index:05d}" for index in range(20_000)])
    columns = {
        "id": number * 7_919 + 13,
        "when": pa.array(1_700_000_000_000_000 + number * 1_000_000, pa.timestamp("us", tz="UTC")),
        "country": pa.array(["CH", "NO", "IT", "PE"]).take(pa.array(rng.integers(0, 4, rows))),
        "channel": pa.array(["web", "shop"]).take(pa.array(rng.integers(0, 2, rows))),
        "customer": customers.take(pa.array(rng.integers(0, len(customers), rows))),
        "visits": rng.integers(0, 100, rows),
        "age": rng.integers(18, 99, rows),
        "y": (rng.random(rows) < 0.1).astype(np.int64),
    }
    for index in range(COLUMNS - len(columns)):
        values = rng.normal(size=rows)
        columns[f"x{index}"] = pa.array(values, mask=rng.random(rows) < 0.05) if index % 3 == 0 else values
    return pa.table(columns)


def measure(program: str, folder: Path) -> tuple[float, float]:
    """CPU seconds after the imports, and peak memory in MB of the whole process."""
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak) / 1024


def main() -> None:
    """Prints one line of the table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[200_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print("| rows x columns | file, MB | bare script, CPU s | validate, CPU s | ratio | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    for rows in given.rows:
        with tempfile.TemporaryDirectory(prefix="ml8s-bench-") as scratch:
            folder = Path(scratch)
            write_snapshot(folder, rows)
            runs = [(measure(BARE, folder), measure(STEP, folder)) for _ in range(given.rounds)]
            bare, step = (statistics.median(run[which][0] for run in runs) for which in (0, 1))
            peak = max(run[1][1] for run in runs)
            size = (folder / "train.parquet").stat().st_size / 1e6
        print(f"| {rows:,} x {COLUMNS} | {size:.0f} | {bare:.2f} | {step:.2f} | {step / bare:.2f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
