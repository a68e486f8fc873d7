"""Which row of several is taken, and what stands in tables beside the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

LOG = """
source: crm
time_zone: UTC
files:
  log:
    pattern: "log*"
    entities:
      - entity: tickets
        one_per: [ticket_id]
        order_by: [{order}, category]
        columns:
          ticket_id: md5(concat_ws('|', lower(mail), number))
          created_at: make_date(year::int, month::int, 1)
          category: category
          updated_at: at
          status: {{value: state, map: {{file: states.csv}}, else: open}}
          deleted_at: if(state = 'gone', at, null)
"""
STATES = "theirs,ours\n新建,new\nclosed,solved\n"
ROWS = """mail,number,year,month,state,category,at
A@x,1,2026,1,新建,b,2026-01-02
a@x,1,2026,1,closed,a,2026-01-04
a@x,1,2026,1,closed,c,2026-01-04
a@X,1,2026,1,odd,d,
b@x,1,2026,1,gone,e,2026-01-03
"""


@pytest.mark.parametrize(
    ("order", "first"),
    [("-updated_at", ("a", "solved")), ("updated_at", ("b", "new")), ("-category", ("d", "open"))],
)
def test_the_last_state_of_a_log(home: Home, order: str, first: tuple[str, str]) -> None:
    """Rows without the value come last, whichever way."""
    home.mapping(LOG.format(order=order))
    (home.settings.sources / "states.csv").write_text(STATES, encoding="utf-8")
    home.put("log.csv", ROWS)
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask(
        "select category, status, created_at::date::varchar, deleted_at::date::varchar from raw.tickets order by 1"
    ) == sorted([(*first, "2026-01-01", None), ("e", "open", "2026-01-01", "2026-01-03")])
    assert home.ask("select ticket_id = 'crm:' || md5('a@x|1') from raw.tickets where category <> 'e'") == [(True,)]
