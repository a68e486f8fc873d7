"""What nobody foresaw costs one file or one source and is told as such; what fails the machine ends the run.

What was foreseen stands in bad_inputs.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestration.ingestion import load

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

ANY = """
source: crm
time_zone: Asia/Shanghai
files:
  orders:
    pattern: "orders*"
    {more}
    entities:
      - entity: orders
        columns:
          order_id: id
          customer_id: c
          ordered_at: at
          gross_amount: amount
          delay_reason: {{value: note, optional: true}}
"""
HEAD = "id,c,at,amount,note\n"
ROW = "1,c,2026-01-02 10:00:00,1,ok\n"


def test_a_file_that_vanishes_is_refused_by_name(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders_1.csv", HEAD + ROW)
    gone = home.put("orders_2.csv", HEAD + ROW)
    real = load.open_reader

    def vanish(path: Path, *rest: object) -> object:
        gone.unlink(missing_ok=True)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "open_reader", vanish)
    (refusal,) = home.ingest().refusals
    assert "crm/2026-01-05/orders_2.csv: cannot be read (No such file or directory)" in refusal.message


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), RecursionError("secret"), AssertionError("secret")])
def test_what_nobody_foresaw_is_told_as_such_with_the_file_and_the_place(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders_1.csv", HEAD + ROW)
    home.put("orders_2.csv", HEAD + ROW.replace("1,c", "2,c"))
    real = load.open_reader

    def fail(path: Path, *rest: object) -> object:
        if path.name == "orders_1.csv":
            raise error
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "open_reader", fail)
    report = home.ingest()
    (refusal,) = report.refusals
    assert refusal.message.startswith("crm/2026-01-05/orders_1.csv: met an error that nobody foresaw: ")
    assert type(error).__name__ in refusal.message
    assert "in load.py, line" in refusal.message
    assert "secret" not in refusal.message  # the text of an error may hold a value
    assert {file.file: file.status for file in report.files} == {"orders_1.csv": "refused", "orders_2.csv": "loaded"}


def test_a_source_that_meets_what_nobody_foresaw_stops_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mapping(ANY.format(more=""))
    home.mapping("source: zshop\nextends: canonical\n", source="zshop")
    home.put("orders.csv", HEAD + ROW)
    home.ingest()
    home.put("stores.csv", "store_id\n1\n", source="zshop")
    real = load.SourceDelivery.inputs

    def fail(delivery: load.SourceDelivery, name: str) -> str:
        if delivery.mapping.source == "crm":
            raise ZeroDivisionError
        return real(delivery, name)

    monkeypatch.setattr(load.SourceDelivery, "inputs", fail)
    (refusal,) = home.ingest().refusals
    assert refusal.message.startswith("crm: met an error that nobody foresaw: ZeroDivisionError in ")
    assert home.ask("select store_id from raw.stores") == [("zshop:1",)]
    assert home.ask("select order_id from raw.orders") == [("crm:1",)]


def test_a_full_disk_is_no_file_s_fault(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders.csv", HEAD + ROW)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        home.ingest()
