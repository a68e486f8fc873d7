"""A pull of a million rows from PostgreSQL beside COPY to CSV: python -m benchmarks.pull [--rows N]."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.meter import Cost, measured
from benchmarks.postgresql import server
from foundation.settings import Settings
from orchestration.pulling.run import pull

_FILL = """
create table orders as
select n::bigint as order_id, 'customer ' || mod(n, 99991) as customer, (n / 7.0)::numeric(12, 2) as amount,
    (array['web', 'store', 'phone'])[mod(n, 3) + 1] as channel, mod(n, 50)::int as store,
    timestamptz '2026-01-01' + n * interval '1 s' as ordered_at,
    timestamptz '2026-01-02' + n * interval '1 s' as updated_at,
    case when mod(n, 20) = 0 then 'a note with ten words in it or a few more' end as note, mod(n, 2) = 0 as is_member,
    md5(n::text) as reference
from generate_series(1, :rows) n
"""
_WAYS = {"whole": "{table: orders}", "by cursor": "{table: orders, cursor: updated_at}"}


def costs(rows: int, folder: Path) -> Iterator[Cost]:
    """COPY as the floor, then each way of pulling. The server's own CPU time is in none of them."""
    with server() as url:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.text(_FILL), {"rows": rows})
            connection.exec_driver_sql("create index on orders (updated_at)")
            connection.exec_driver_sql("analyze orders")
        with (
            measured("COPY to CSV") as cost,
            engine.connect() as connection,
            (folder / "orders.csv").open("wb") as file,
        ):
            with connection.connection.cursor().copy("copy orders to stdout (format csv, header)") as copied:
                for block in copied:
                    file.write(block)
            cost.rows = rows
        yield cost
        os.environ["THE_URL"] = url
        for way, declared in _WAYS.items():
            settings = Settings(home=folder / way)
            settings.sources.mkdir(parents=True)
            text = f"source: shop\npull: {{database: {{url: {{env: THE_URL}}, objects: {{orders: {declared}}}}}}}\n"
            (settings.sources / "shop.yml").write_text(text, encoding="utf-8")
            with measured(f"pull, {way}") as cost:
                report = pull(settings, datetime.now(UTC).date())
                cost.rows = sum(landed for _, landed in report.landed)
            if report.refusals or cost.rows != rows:
                raise SystemExit(f"{way}: {cost.rows:,} rows, {report.refusals}")
            yield cost


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=1_000_000)
    rows = words.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        floor = None
        for cost in costs(rows, Path(folder)):
            floor = floor or cost
            beside = f"{cost.wall_seconds / floor.wall_seconds:5.1f} x"
            print(
                f"{cost.step:<18} {cost.rows:>10,} rows {cost.wall_seconds:7.1f} s wall {beside} "
                f"{cost.cpu_seconds:7.1f} s CPU {cost.peak_mib:7.0f} MiB"
            )


if __name__ == "__main__":
    main()
