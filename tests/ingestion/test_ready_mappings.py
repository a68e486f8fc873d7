"""Built-in mappings of systems that people export from: made-up rows in each system's own shape."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from foundation.settings import BUILT_IN_MAPPINGS
from orchestration.ingestion.mapping import load_mapping

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

FRESHDESK = """\
Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,\
Closed time,Last update time,\
Initial response time,Resolution status,First response status,Survey results,Full name,Email,Contact ID
11,a,Closed,Urgent,Email,Question,Ann,L1,2026-01-05 09:00:00,,2026-01-05 15:30:00,,\
2026-01-06 08:00:00,2026-01-05 09:45:00,\
SLA Violated,Within SLA,Unhappy,Jo,jo@example.com,7
12,b,Waiting on Third Party,Medium,Phone,,No Agent,,2026-01-06 10:00:00,,,,2026-01-06 11:00:00,,,,,Jo,jo@example.com,7
"""
SHOPIFY = """\
Name,Email,Fulfillment Status,Accepts Marketing,Currency,Total,Discount Amount,Created at,\
Lineitem quantity,Lineitem name,\
Lineitem price,Lineitem sku,Lineitem discount,Billing Name,Billing City,Billing Zip,Billing Province,Billing Country,\
Billing Phone,Cancelled at,Vendor,Source,Phone
#1,Jo@example.com,fulfilled,yes,CNY,95.00,5.00,2026-01-05 20:00:00 +0800,1,Soap,60.00,S1,0.00,Jo,\
Wuxi,214000,JS,CN,,,V,web,
#1,,,,,,,,2,Comb,20.00,,0.00,,,,,,,,V,,
#2,,unfulfilled,no,CNY,20.00,0.00,2026-01-06 20:00:00 +0800,1,Comb,20.00,,0.00,,,,,,,2026-01-07 10:00:00 +0800,V,pos,
"""
JIRA = """\
Summary,Issue key,Issue Type,Status,Status Category,Priority,Assignee,Assignee Id,Reporter,\
Reporter Id,Created,Updated,Resolved,\
Comment,Comment
a,SD-1,Incident,Done,Done,Highest,Ann,a1,Jo,c1,05/Jan/26 9:00 AM,05/Jan/26 4:00 PM,05/Jan/26 3:30 PM,\
05/Jan/26 9:20 AM;a1;on it,05/Jan/26 1:00 PM;c1;thanks
b,SD-2,Question,Waiting,In Progress,Low,,,Jo,c1,06/Jan/26 9:00 AM,06/Jan/26 9:00 AM,,,
"""
QUALTRICS = """\
StartDate,EndDate,Status,ResponseId,ExternalReference,Q1_NPS,Q1_NPS_GROUP,Q2
Start,End,Type,Id,Ref,"Would you recommend
us?",Group,Why
{a},{b},{c},{d},{e},{f},{g},{h}
2026-01-05 09:00:00,2026-01-05 09:04:00,IP Address,R_1,c1,10,Promoter,"good
service"
2026-01-05 09:00:00,2026-01-05 09:04:00,IP Address,R_2,,,,
2026-01-05 09:00:00,2026-01-05 09:04:00,Survey Preview,R_3,c1,1,Detractor,x
"""
COMPANIES = """\
Company ID,Company Name,Company Domain Name,Industry,Create Date
C1,One,one.example,Tools,2025-01-01
"""
DEALS = """\
Deal ID,Deal Stage,Amount,Close Date,Create Date,Associated Company Domain
D1,Closed Won,100.50,2026-01-03,2025-12-01,one.example
D2,Contract Sent,50,2026-02-03,2025-12-01,none.example
"""
HUBSPOT_TICKETS = """\
Ticket ID,Ticket Status,Ticket Priority,Ticket Source,Create Date,Last Activity Date,Close Date,\
Associated Company Domain
T1,Closed,Medium,Chat,2026-01-01,2026-01-03,2026-01-02,one.example
T2,Waiting on us,Low,Email,2026-01-01,2026-01-03,,one.example
"""


def at(text: str) -> str:
    return (
        f"""select ticket_id, event, "at"::varchar, actor_type, to_status from raw.ticket_events {text} order by 1, 3"""
    )


def test_every_built_in_mapping_can_be_loaded() -> None:
    paths = sorted(BUILT_IN_MAPPINGS.glob("*.yml"))
    assert [load_mapping(path).source for path in paths] == [path.stem for path in paths]


def test_freshdesk_gives_replies_verdicts_and_answers(home: Home) -> None:
    home.put("tickets.csv", FRESHDESK, source="freshdesk")
    assert home.ingest().ok
    assert home.ask(at("where ticket_id like '%11'")) == [
        ("freshdesk:11", "created", "2026-01-05 09:00:00", "customer", "new"),
        ("freshdesk:11", "comment", "2026-01-05 09:45:00", "agent", None),
        ("freshdesk:11", "status", "2026-01-05 15:30:00", "agent", "solved"),
    ]
    assert home.ask("select ticket_id, priority, status, channel from raw.tickets order by all") == [
        ("freshdesk:11", "urgent", "closed", "email"),
        ("freshdesk:12", "normal", "pending", "phone"),
    ]
    assert home.ask("select metric, is_met from raw.ticket_outcomes order by all") == [
        ("first_reply", True),
        ("full_resolution", False),
    ]
    assert home.ask("select score, scale_max from raw.survey_answers, raw.survey_items") == [(3, 7)]
    assert home.ask("select name, team from raw.agents") == [("Ann", "L1")]


def test_shopify_gives_an_order_once_with_all_its_lines(home: Home) -> None:
    home.put("orders_export_1.csv", SHOPIFY, source="shopify")
    assert home.ingest().ok
    net = "gross_amount - discount_amount"
    orders = f"select order_id, ordered_at::varchar, status, {net}, customer_id is null from raw.orders order by all"
    assert home.ask(orders) == [
        ("shopify:#1", "2026-01-05 12:00:00", "shipped", Decimal("95.0000"), False),
        ("shopify:#2", "2026-01-06 12:00:00", "cancelled", Decimal("20.0000"), True),
    ]
    lines = (
        "select order_id, line_no, quantity * unit_price, ordered_at::varchar from raw.order_lines order by 1, 3 desc"
    )
    assert [(order, float(amount), when) for order, _, amount, when in home.ask(lines)] == [
        ("shopify:#1", 60.0, "2026-01-05 12:00:00"),
        ("shopify:#1", 40.0, "2026-01-05 12:00:00"),
        ("shopify:#2", 20.0, "2026-01-06 12:00:00"),
    ]
    assert home.ask("select count(*), count(distinct product_id) from raw.products") == [(2, 2)]
    assert "example" not in str(home.ask("select customer_id from raw.customers")), (
        "a key is in every mart, a mail address in none"
    )


def test_jira_gives_each_comment_at_its_time(home: Home) -> None:
    home.put("jira.csv", JIRA, source="jira")
    assert home.ingest().ok
    assert home.ask(at("where ticket_id like '%SD-1'")) == [
        ("jira:SD-1", "created", "2026-01-05 09:00:00", "customer", "new"),
        ("jira:SD-1", "comment", "2026-01-05 09:20:00", "agent", None),
        ("jira:SD-1", "comment", "2026-01-05 13:00:00", "customer", None),
        ("jira:SD-1", "status", "2026-01-05 15:30:00", "agent", "solved"),
    ]
    assert home.ask("select priority, status from raw.tickets order by ticket_id") == [
        ("urgent", "solved"),
        ("low", "open"),
    ]


def test_qualtrics_gives_recommendations_and_no_preview(home: Home) -> None:
    home.put("q.csv", QUALTRICS, source="qualtrics")
    assert home.ingest().ok
    assert home.ask("select survey_id, item_id, score from raw.survey_answers") == [("qualtrics:R_1", "Q1_NPS", 10)]
    assert home.ask("select count(*), count(customer_id) from raw.surveys") == [(2, 1)]
    assert home.ask("select scale_min, scale_max from raw.survey_items") == [(0, 10)]


def test_hubspot_s_own_export_finds_companies_by_domain(home: Home) -> None:
    home.put("hs_companies.csv", COMPANIES, source="hubspot_export")
    home.put("hs_deals.csv", DEALS, source="hubspot_export")
    home.put("hs_tickets.csv", HUBSPOT_TICKETS, source="hubspot_export")
    assert home.ingest().ok
    deals = "select opportunity_id, customer_id, won, closed_at::varchar from raw.opportunities order by all"
    assert home.ask(deals) == [
        ("hubspot_export:D1", "hubspot_export:C1", True, "2026-01-03 00:00:00"),
        ("hubspot_export:D2", None, None, None),
    ]
    assert home.ask("select status, priority from raw.tickets order by ticket_id") == [
        ("solved", "normal"),
        ("open", "low"),
    ]


def _conversation(*parts: dict[str, Any], **more: Any) -> str:
    base = {
        "id": "1",
        "created_at": 1767603600,  # 2026-01-05 09:00 UTC
        "updated_at": 1767611000,
        "state": "closed",
        "source": {"type": "email", "author": {"type": "user", "id": "u1"}},
        "contacts": {"contacts": [{"id": "u1"}]},
        "statistics": {"last_close_at": 1767610800},
        "conversation_rating": {"rating": 2, "remark": None, "created_at": 1767611000},
        "conversation_parts": {"conversation_parts": list(parts)},
    }
    return json.dumps({"conversations": [base | more]})


def _part(kind: str, author: str, second: int) -> dict[str, Any]:
    return {
        "id": str(second),
        "part_type": kind,
        "author": {"type": author, "id": "9"},
        "created_at": 1767603600 + second,
    }


@pytest.mark.parametrize("closed_by_part", [True, False])
def test_intercom_gives_parts_and_closes_once(home: Home, closed_by_part: bool) -> None:
    parts = [_part("comment", "admin", 600), _part("note", "admin", 700), _part("assignment", "bot", 800)]
    home.put(
        "conversations.json",
        _conversation(*parts, *[_part("close", "admin", 7200)] * closed_by_part),
        source="intercom",
    )
    assert home.ingest().ok
    assert home.ask(at("")) == [
        ("intercom:1", "created", "2026-01-05 09:00:00", "customer", "new"),
        ("intercom:1", "comment", "2026-01-05 09:10:00", "agent", None),
        ("intercom:1", "comment", "2026-01-05 09:11:40", "agent", None),
        ("intercom:1", "status", "2026-01-05 11:00:00", "agent", "solved"),
    ]
    assert home.ask("select score from raw.survey_answers") == [(2,)]
    assert home.ask("select is_public from raw.ticket_events where event = 'comment' order by \"at\"") == [
        (True,),
        (False,),
    ]


def test_zendesk_s_documents_give_comments_by_who_wrote_them(home: Home) -> None:
    ticket = {
        "id": 1,
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T12:00:00Z",
        "type": "problem",
        "priority": "high",
        "status": "solved",
        "requester_id": 5,
        "submitter_id": 5,
        "assignee_id": 6,
        "via": {"channel": "web"},
        "satisfaction_rating": {"id": 3, "score": "bad", "comment": None},
        "metric_set": {"solved_at": "2026-01-05T11:00:00Z"},
        "comments": [
            {"author_id": 5, "public": True, "created_at": "2026-01-05T09:00:00Z"},
            {"author_id": 6, "public": True, "created_at": "2026-01-05T09:30:00Z"},
        ],
    }
    people = [{"id": 5, "role": "end-user"}, {"id": 6, "role": "agent"}]
    common = {"name": "x", "email": None, "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"}
    home.put("users.jsonl", "\n".join(json.dumps(person | common) for person in people), source="zendesk_api")
    home.put("tickets.json", json.dumps({"tickets": [ticket]}), source="zendesk_api")
    assert home.ingest().ok
    comments = (
        """select "at"::varchar, actor_type, agent_id from raw.ticket_events where event = 'comment' order by 1"""
    )
    assert home.ask(comments) == [
        ("2026-01-05 09:00:00", "customer", None),
        ("2026-01-05 09:30:00", "agent", "zendesk_api:6"),
    ]
    assert home.ask("select kind, status from raw.tickets") == [("request", "solved")], "a problem is no complaint"
    assert home.ask("select score, scale_max from raw.survey_answers, raw.survey_items") == [(0, 1)]


TAOBAO = """\
订单编号,买家会员名,总金额,订单状态,收货人姓名,联系手机,订单创建时间,店铺Id,店铺名称
<1001>,小明,95.50,交易成功,张三,'13800000001,2026-01-05 20:00:00,9,一店
<1002>,小红,20.00,卖家已发货，等待买家确认,李四,,2026-01-06 08:00:00,9,一店
""".replace("<", '"=""').replace(">", '"""')  # a number as it is written so that a spreadsheet keeps it
TAOBAO_LINES = """\
订单编号,标题,价格,购买数量,商家编码
<1001>,肥皂,45.50,1,S1
<1001>,梳子,25.00,2,
<1002>,梳子,20.00,1,
""".replace("<", '"=""').replace(">", '"""')
SERVICENOW = """\
number,caller_id,opened_at,resolved_at,state,priority,category,contact_type,assigned_to,assignment_group,made_sla,sys_updated_on
INC1,Jo Doe,2026-01-05 09:00:00,2026-01-05 12:00:00,Closed,1 - Critical,network,phone,Ann,L1,true,2026-01-06 09:00:00
INC2,Jo Doe,2026-01-05 09:00:00,,In Progress,4 - Low,network,self-service,,L1,true,2026-01-06 09:00:00
"""


def test_taobao_gives_orders_and_lines_of_a_shop(home: Home) -> None:
    home.put("ExportOrderList202601.csv", TAOBAO.encode("gb18030"), source="taobao")
    home.put("ExportOrderDetailList202601.csv", TAOBAO_LINES.encode("gb18030"), source="taobao")
    assert home.ingest().ok
    orders = "select order_id, ordered_at::varchar, status, gross_amount, store_id from raw.orders order by all"
    assert home.ask(orders) == [
        ("taobao:1001", "2026-01-05 12:00:00", "delivered", Decimal("95.5000"), "taobao:9"),
        ("taobao:1002", "2026-01-06 00:00:00", "shipped", Decimal("20.0000"), "taobao:9"),
    ]
    amounts = "select order_id, sum(quantity * unit_price)::double from raw.order_lines group by 1 order by 1"
    assert home.ask(amounts) == [("taobao:1001", 95.5), ("taobao:1002", 20.0)]
    assert home.ask("select count(*), count(distinct customer_id), min(phone) from raw.customers") == [
        (2, 2, "13800000001")
    ]
    assert home.ask("select count(*) from raw.products") == [(2,)]


def test_servicenow_gives_its_own_verdict_of_what_is_done(home: Home) -> None:
    home.put("incident.csv", SERVICENOW, source="servicenow")
    assert home.ingest().ok
    assert home.ask("select priority, status, channel from raw.tickets order by ticket_id") == [
        ("urgent", "closed", "phone"),
        ("low", "open", "web"),
    ]
    assert home.ask(at("where event = 'status'")) == [
        ("servicenow:INC1", "status", "2026-01-05 12:00:00", "agent", "solved")
    ]
    assert home.ask("select ticket_id, is_met from raw.ticket_outcomes") == [("servicenow:INC1", True)]
    assert "Jo" not in str(home.ask("select customer_id from raw.customers"))
