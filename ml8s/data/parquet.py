"""The one writer of Parquet files inside artifacts and snapshots: equal tables give equal bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS: Final = 131_072
PAGE_BYTES: Final = 1 << 20


def write_table(table: pa.Table, path: Path) -> None:
    """Writes a table (rows x columns) so that the bytes depend on its values, column names and types alone.

    Metadata of pandas and Arrow is dropped, dictionaries are written as plain values (their order would show in the
    bytes), and chunks are joined (page boundaries would follow them). Timestamps keep their unit; their zone becomes
    UTC. The bytes also depend on the pyarrow release, which names itself in the footer.
    """
    fields = [pa.field(field.name, _plain(field.type), field.nullable) for field in table.schema]
    plain = pa.table(
        [column.cast(field.type) for column, field in zip(table.columns, fields, strict=True)], schema=pa.schema(fields)
    )
    pq.write_table(
        plain.combine_chunks(),
        path,
        version="2.6",
        data_page_version="1.0",
        data_page_size=PAGE_BYTES,
        row_group_size=ROW_GROUP_ROWS,
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        store_schema=False,
    )


def _plain(stored: pa.DataType) -> pa.DataType:
    return stored.value_type if pa.types.is_dictionary(stored) else stored
