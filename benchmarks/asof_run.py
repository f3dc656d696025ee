"""The features of ``asof_script.py`` by the engine: reads the Parquet file, computes, writes the matrix.

Prints JSON: seconds and peak bytes beyond the columns in use, of the engine's call alone.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np
import pyarrow.parquet as pq

from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.rows import Events, Queries

DAY = 86_400_000_000
WINDOWS = (DAY, 7 * DAY, 30 * DAY)
CUSTOMER, TERMINAL = ("customer",), ("terminal",)


def features() -> list[AsOfFeature]:
    """Count and mean amount of the customer, count and delayed fraud rate of the terminal, over three windows."""
    found = []
    for entity, column, delay in ((CUSTOMER, "amount", 0), (TERMINAL, "fraud", 7 * DAY)):
        for window in WINDOWS:
            found.append(AsOfFeature(f"count {entity} {window}", entity, "count", None, window, delay))
            found.append(AsOfFeature(f"mean {entity} {window}", entity, "mean", column, window, delay))
    return found


def peak() -> int:
    """The largest resident size so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(source: str, target: str) -> None:
    """Reads, computes, writes."""
    table = pq.read_table(source)
    column = {name: np.ascontiguousarray(table.column(name).to_numpy()) for name in table.column_names}
    del table
    keys = {CUSTOMER: column["customer"], TERMINAL: column["terminal"]}
    events = Events(keys, column["time"], {name: column[name] for name in ("amount", "fraud")})
    before, began = peak(), time.process_time()
    matrix = compute(features(), events, Queries(keys, column["time"]), refresh=None)
    seconds, after = time.process_time() - began, peak()
    np.save(target, np.ascontiguousarray(matrix))
    inputs = sum(values.nbytes for values in column.values())
    print(json.dumps({"seconds": seconds, "grown": after - before, "inputs": inputs, "matrix": matrix.nbytes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
