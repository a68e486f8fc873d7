"""How dbt's Python models read and write on either engine; nothing is computed here."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa


def read(relation: Any) -> pd.DataFrame:
    """What `dbt.ref` gave (a DuckDB relation or a Spark DataFrame) as a frame, in an order that does not depend on
    threads: sums of doubles are then the same in every run."""
    frame: pd.DataFrame = relation.toPandas() if hasattr(relation, "toPandas") else relation.df()
    return frame.sort_values(list(frame.columns), ignore_index=True)


def write(session: Any, frame: pd.DataFrame) -> Any:
    """A frame as dbt stores it, nan as null."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return session.createDataFrame(table) if hasattr(session, "createDataFrame") else table
