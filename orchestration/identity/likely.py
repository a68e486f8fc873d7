"""Likely pairs of customer records, for a person to judge: a list in the private home, never in a log or a mart."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from foundation.contract import literal
from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.identity.decisions import decisions
from orchestration.warehouse import WORK_FILE

THRESHOLD = 12.0  # docs/identity.md has what it finds and misses
BLOCK = 50  # records that may share a blocking key
_SQL = Path(__file__).with_name("likely_pairs.sql")
_MEMORY = "1500MB"
_SHOWN = ("name", "email", "phone", "address", "city", "birth_date")


def review(settings: Settings, out: Path | None = None, threshold: float = THRESHOLD) -> tuple[Path, int]:
    """Writes the likely pairs with what they are told by, the likeliest first, readable by its owner alone.

    Raises CommandFailedError where nothing was built yet.
    """
    path = out or settings.home / "identity" / "review.csv"
    with built(settings) as con:
        records = (
            "select customer_id, identity_id as person_id, type, name, tax_id, email, phone, address, city, "
            "postal_code, birth_date, gender from work.intermediate.int_core__customers_ever "
            "inner join work.intermediate.int_core__persons using (customer_id)"
        )
        con.execute(f"create temp table records as {records}")
        con.execute("create temp table decided (customer_id varchar, with_customer_id varchar)")
        judged = [[row["customer_id"], row["with_customer_id"] or None] for row in decisions(settings)]
        if judged:
            con.executemany("insert into decided values (?, ?)", judged)
        likely(con, threshold)
        shown = ", ".join(f"a.{name}, b.{name} as with_{name}" for name in _SHOWN)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:  # closed to others from the first byte
            written = Path(folder) / path.name
            con.execute(
                f"copy (select pairs.*, {shown} from pairs inner join records as a using (customer_id) "
                "inner join records as b on pairs.with_customer_id = b.customer_id "
                f"order by score desc, pairs.customer_id, pairs.with_customer_id) to {literal(str(written))} "
                "(format csv, header)"
            )
            written.chmod(0o600)
            written.replace(path)
        row = con.execute("select count(*) from pairs").fetchone()
    return path, row[0] if row else 0


def likely(con: duckdb.DuckDBPyConnection, threshold: float = THRESHOLD, block: int = BLOCK) -> None:
    """Makes the table `pairs` of the tables `records` and `decided` (likely_pairs.sql)."""
    con.execute(f"set variable identity_threshold = {float(threshold)}; set variable identity_block = {int(block)}")
    con.execute(_SQL.read_text(encoding="utf-8"))


@contextmanager
def built(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The last good build, to read. Raises CommandFailedError where there is none."""
    path = settings.build / WORK_FILE
    if not path.exists():
        raise CommandFailedError(f"{path}: nothing is built yet; run `kefu nightly --date YYYY-MM-DD` first")
    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(settings.build / "tmp")}) as con:
        con.execute(f"attach {literal(str(path))} as work (read_only)")
        yield con
