"""Built-in mappings of systems that people export from: made-up rows in each system's own shape."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from foundation.settings import BUILT_IN_MAPPINGS
from orchestration.ingestion.mapping import load_mapping
from orchestration.onboarding.known import known_system

if TYPE_CHECKING:
    from pathlib import Path

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


def sheet(text: str) -> bytes:
    """The same table as a workbook of texts."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in csv.reader(io.StringIO(text)):
        page.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


FORM = {
    "zh": """\
时间戳记,电子邮件地址,您对服务满意吗？,您会推荐我们吗？,意见
2026/01/05 9:00:00 上午 GMT+8,Ann@x.org,非常满意,9,好
2026/01/05 1:00:00 下午 GMT+8,,超赞,2,
""",
    "en": """\
Timestamp,Email Address,How satisfied are you with our service?,How likely are you to recommend us?,Remarks
2026/01/05 6:30:00 AM GMT+5:30,ann@x.org,Very satisfied,9,好
1/5/2026 5:00:00,,超赞,2,
""",
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_google_forms_give_satisfaction_and_recommendations(home: Home, language: str, packed: bool) -> None:
    """A word of the company's own is a line under `values`; without it the answer has its words and no score."""
    for source, more in (("plain", ""), ("own", 'values: {satisfaction: {超赞: "5"}}\n')):
        home.mapping(f"source: {source}\nextends: google_forms\n{more}", source=source)
        text = FORM[language]
        home.put("f.xlsx" if packed else "f.csv", sheet(text) if packed else text, source=source)
    assert home.ingest().ok
    answers = (
        "select s.source_system, s.instrument, responded_at::varchar, customer_id is null, score::int, text, "
        "scale_max::int from raw.survey_answers as a join raw.surveys as s using (survey_id) join raw.survey_items as i "  # noqa: E501
        "on i.source_system = s.source_system and i.instrument = s.instrument and i.item_id = a.item_id order by all"
    )
    first, second = "2026-01-05 01:00:00", "2026-01-05 05:00:00"
    praise = "非常满意" if language == "zh" else "Very satisfied"
    assert home.ask(answers) == [
        (source, *row)
        for source, score in (("own", 5), ("plain", None))
        for row in [
            ("csat", first, False, 5, praise, 5),
            ("csat", second, True, score, "超赞", 5),
            ("form", first, False, None, "好", None),
            ("nps", first, False, 9, "9", 10),
            ("nps", second, True, 2, "2", 10),
        ]
    ]
    assert home.ask("select count(distinct customer_id) from raw.surveys where source_system = 'own'") == [(1,)]
    assert "x.org" not in str(home.ask("select survey_id, customer_id, respondent_id from raw.surveys"))


def test_google_forms_tell_responses_of_one_second_apart(home: Home) -> None:
    rows = "".join(f"1/5/2026 5:00:00,{score}\n" for score in (4, 3))
    home.put("f.csv", f"Timestamp,How satisfied are you?\n{rows}", source="google_forms")
    assert home.ingest().ok
    assert home.ask("select count(*), sum(score)::int from raw.survey_answers") == [(2, 7)]


MONKEY = [
    ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name",
     "Last Name", "Custom Data 1", "How satisfied are you with:", "", "Anything else?"],
    ["", "", "", "", "", "", "", "", "", "Speed", "Price", "Open-Ended Response"],
    ["1", "7", "01/05/2026 09:00:00 AM", "01/05/2026 09:04:00 AM", "10.0.0.1", "Ann@x.org", "Ann", "Lee", "", "Very satisfied", "2", "fine, thanks"],  # noqa: E501
    ["2", "7", "01/05/2026 01:00:00 PM", "01/05/2026 01:04:00 PM", "10.0.0.2", "", "", "", "", "", "Dissatisfied", ""],
]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rows", [1, 2])
def test_surveymonkey_gives_each_option_its_answers_with_one_row_of_header_or_two(
    home: Home, rows: int, packed: bool
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([MONKEY[0], *MONKEY[3 - rows :]])
    home.put(
        "all.xlsx" if packed else "all.csv", sheet(out.getvalue()) if packed else out.getvalue(), source="surveymonkey"
    )
    report = home.ingest()
    assert report.ok, report.refusals
    assert report.files[0].read == 2
    speed, price, more = {
        1: ("How satisfied are you with:[1]", "How satisfied are you with:[2]", "Anything else?"),
        2: ("How satisfied are you with: / Speed", "How satisfied are you with: / Price", "Anything else? / Open-Ended Response"),  # noqa: E501
    }[rows]  # fmt: skip
    assert set(home.ask("select survey_id, item_id, score::int, text from raw.survey_answers")) == {
        ("surveymonkey:1", more, None, "fine, thanks"),
        ("surveymonkey:1-csat", price, 2, "2"),
        ("surveymonkey:1-csat", speed, 5, "Very satisfied"),
        ("surveymonkey:2-csat", price, 2, "Dissatisfied"),
    }
    assert home.ask("select sent_at::varchar, responded_at::varchar from raw.surveys order by 1 limit 1") == [
        ("2026-01-05 09:00:00", "2026-01-05 09:04:00")
    ]
    assert home.ask("select name, email from raw.customers") == [("Ann Lee", "Ann@x.org")]


WECOM = {
    "客户列表_202601": """\
客户名称,外部联系人ID,添加人账号,添加时间,来源,手机号
张三,wm1,zs,2026-01-02 10:00:00,扫描二维码,'13800000001
张三,wm1,ls,2026-01-01 10:00:00,名片分享,
李四,wm2,zs,2026/01/03 09:30,微信联系人,
""",
    "成员": "姓名,账号,部门\n小王,zs,客服一部\n",
    "会话记录": """\
会话ID,客户ID,接待人员账号,进入会话时间,首次回复时间,结束时间,会话状态,满意度评价
s1,wm1,zs,2026-01-05 09:00:00,2026-01-05 09:02:00,2026-01-05 10:00:00,已结束,非常满意
s2,wm2,zs,2026-01-05 11:00:00,,,排队中,
""",
}
WECOM_MORE = {
    "聊天记录": """\
会话ID,发送人类型,发送人账号,发送时间
s1,客户,wm1,2026-01-05 09:00:30
s1,机器人,,2026-01-05 09:00:31
s1,员工,zs,2026-01-05 09:05:00
""",
    "满意度": "会话ID,客户ID,评分,评价时间,评价内容\ns1,wm1,2分,2026-01-05 10:30:00,慢\n",
}


@pytest.mark.parametrize("packed", [False, True])
def test_wecom_gives_sessions_with_replies_and_ratings(home: Home, packed: bool) -> None:
    def put(tables: dict[str, str]) -> None:
        for name, text in tables.items():
            suffix, content = ("xlsx", sheet(text)) if packed else ("csv", text.encode("gb18030"))
            home.put(f"{name}.{suffix}", content, source="wecom")

    put(WECOM)
    assert home.ingest().ok
    customers = "select customer_id, phone, acquisition_channel, account_manager_id from raw.customers order by 1"
    assert home.ask(customers) == [
        ("wecom:wm1", None, "referral", "wecom:ls"),
        ("wecom:wm2", None, "wechat", "wecom:zs"),
    ]
    assert home.ask("select name, team from raw.agents") == [("小王", "客服一部")]
    created = ("wecom:s1", "created", "2026-01-05 01:00:00", "customer", "new")
    solved = ("wecom:s1", "status", "2026-01-05 02:00:00", "agent", "solved")
    assert home.ask(at("where ticket_id = 'wecom:s1'")) == [
        created,
        ("wecom:s1", "comment", "2026-01-05 01:02:00", "agent", None),
        solved,
    ]
    assert home.ask("select ticket_id, status, channel from raw.tickets order by 1") == [
        ("wecom:s1", "solved", "chat"),
        ("wecom:s2", "new", "chat"),
    ]
    ratings = "select survey_id, responded_at::varchar, score::int, text from raw.surveys join raw.survey_answers using (survey_id)"  # noqa: E501
    assert home.ask(ratings) == [("wecom:s1", "2026-01-05 02:00:00", 5, None)]
    # messages go before the first reply that the session states, and a rating of its own before the session's
    put(WECOM_MORE)
    assert home.ingest().ok
    assert home.ask(at("where ticket_id = 'wecom:s1'")) == [
        created,
        ("wecom:s1", "comment", "2026-01-05 01:00:30", "customer", None),
        ("wecom:s1", "comment", "2026-01-05 01:05:00", "agent", None),
        solved,
    ]
    assert home.ask(ratings) == [("wecom:s1", "2026-01-05 02:30:00", 2, "慢")]


FORCE_STAMPS = "CreatedDate,LastModifiedDate,SystemModstamp"
FORCE = {
    "Account": f"Id,Name,Phone,BillingStreet,BillingCity,BillingState,BillingCountry,BillingPostalCode,Industry,NumberOfEmployees,OwnerId,{FORCE_STAMPS}\n"  # noqa: E501
    "001A,Acme,,,,,,,,,005A,2026-01-01 00:00:00,2026-01-01 00:00:00,2026-01-01 00:00:00\n",
    "User": "Id,Name,UserType,Department,CreatedDate\n005A,Ann,Standard,L1,2025-01-01T00:00:00.000Z\n005P,Jo,PowerCustomerSuccess,,2025-01-01T00:00:00.000Z\n",  # noqa: E501
    "Case": f"Id,ContactId,AccountId,AssetId,Type,Reason,Origin,Priority,Status,IsClosed,ClosedDate,IsDeleted,LastModifiedById,{FORCE_STAMPS}\n"  # noqa: E501
    "500A,,001A,02iA,Complaint,,Web,P1,Closed,1,2026-01-08 10:00:00,0,005A,2026-01-05 09:00:00,2026-01-08 10:00:00,2026-01-08 10:00:00\n"  # noqa: E501
    "500B,,001A,,Question,,Email,Low,Closed,true,2026-01-06T10:00:00.000Z,false,005A,2026-01-05T09:00:00.000Z,2026-01-06T10:00:00.000Z,2026-01-06T10:00:00.000Z\n",
    "CaseHistory": "Id,CaseId,Field,OldValue,NewValue,CreatedById,CreatedDate\n"
    "1,500A,created,,,005A,2026-01-05 09:00:00\n"
    "2,500A,Status,New,With vendor,005A,2026-01-05 10:00:00\n"
    "3,500A,Status,With vendor,Closed,005A,2026-01-06 10:00:00\n"
    "4,500A,Status,Closed,Working,005A,2026-01-07 10:00:00\n"
    "5,500A,Status,Working,Closed,005A,2026-01-08 10:00:00\n"
    "6,500A,Priority,Low,P1,005A,2026-01-05 11:00:00\n"
    "7,500A,Owner,Queue,Ann,005A,2026-01-05 09:30:00\n"
    "8,500A,Owner,00GA,005A,005A,2026-01-05 09:30:00\n",
    "EmailMessage": "Id,ParentId,Status,Incoming,MessageDate,CreatedById,CreatedDate\n"
    "1,500B,3,0,2026-01-05 09:20:00,005A,2026-01-05 09:20:00\n"
    "2,500B,1,1,2026-01-05 09:40:00,005A,2026-01-05 09:40:00\n"
    "3,500B,5,0,2026-01-05 09:50:00,005A,2026-01-05 09:50:00\n",
    "CaseComment": "Id,ParentId,IsPublished,CommentBody,CreatedById,CreatedDate,IsDeleted\n"
    "1,500B,0,x,005A,2026-01-05 12:00:00,0\n2,500B,1,x,005P,2026-01-05 13:00:00,0\n",
    "Asset": "Id,Product2Id\n02iA,01tA\n",
    "Entitlement": "Id,Name\n550A,Gold\n",
    "CaseMilestone": "Id,CaseId,MilestoneTypeId,IsCompleted,IsViolated\n1,500A,557A,1,0\n2,500A,557B,1,1\n3,500B,557A,0,0\n",  # noqa: E501
    "MilestoneType": "Id,Name\n557A,First Response\n557B,Resolution Time\n",
    "Task": "Id,WhoId,WhatId,AccountId,OwnerId,TaskSubtype,CallType,IsClosed,CreatedDate\n"
    "00TA,003A,006A,001A,005A,Call,Outbound,1,2026-01-05 09:00:00\n00TB,,,001A,005A,Task,,1,2026-01-05 09:00:00\n00TC,,,001A,005A,Call,,0,2026-01-05 09:00:00\n",  # noqa: E501
    "Opportunity": f"Id,AccountId,OwnerId,StageName,Amount,CloseDate,IsClosed,IsWon,{FORCE_STAMPS}\n"
    "006A,001A,005A,Closed Won,100,2026-01-03,1,1,2026-01-05 09:00:00,2026-01-05 09:00:00,2026-01-05 09:00:00\n"
    "006B,001A,005A,Prospecting,50,2026-03-03,0,0,2026-01-05 09:00:00,2026-01-05 09:00:00,2026-01-05 09:00:00\n",
    "Order": f"Id,AccountId,BillToContactId,EffectiveDate,ActivatedDate,Status,StatusCode,TotalAmount,{FORCE_STAMPS}\n"
    "801A,001A,,2026-01-05,2026-01-05 09:00:00,Activated,Activated,95.5,2026-01-05 09:00:00,2026-01-05 09:00:00,2026-01-05 09:00:00\n"  # noqa: E501
    "801B,001A,,2026-01-05,,Draft,Draft,1,2026-01-05 09:00:00,2026-01-05 09:00:00,2026-01-05 09:00:00\n",
    "OrderItem": "Id,OrderId,OrderItemNumber,Product2Id,Quantity,UnitPrice\n802A,801A,0000000012,01tA,2,47.75\n",
    "Product2": "Id,Name,Family\n01tA,Pump,Pumps\n",
    "Lead": "Id\n00QA\n",
}  # fmt: skip


def test_salesforce_s_other_objects_and_own_picklists(home: Home) -> None:
    home.mapping("source: crm\nextends: salesforce\nvalues: {priority: {P1: urgent}, status: {With vendor: pending}}\n")
    for name, text in FORCE.items():
        home.put(f"{name}.csv", text)
    report = home.ingest()
    assert report.ok, report.refusals
    assert sum(file.quarantined for file in report.files) == 0
    assert home.ask("select ticket_id, kind, priority, product_id from raw.tickets order by 1") == [
        ("crm:500A", "complaint", "urgent", "crm:01tA"),
        ("crm:500B", "request", "low", None),
    ]
    # of the first the history says what happened, of the second its own date of closing
    assert home.ask(at("where event in ('created', 'status') and ticket_id = 'crm:500A'")) == [
        ("crm:500A", "created", "2026-01-05 09:00:00", "customer", "new"),
        ("crm:500A", "status", "2026-01-05 10:00:00", "agent", "pending"),
        ("crm:500A", "status", "2026-01-06 10:00:00", "agent", "solved"),
        ("crm:500A", "status", "2026-01-07 10:00:00", "agent", "open"),
        ("crm:500A", "status", "2026-01-08 10:00:00", "agent", "solved"),
    ]
    assert home.ask("select event, priority, agent_id from raw.ticket_events where event in ('priority', 'assigned') order by 1") == [  # noqa: E501
        ("assigned", None, "crm:005A"),
        ("priority", "urgent", "crm:005A"),
    ]  # fmt: skip
    replies = (
        """select "at"::varchar, actor_type, is_public from raw.ticket_events where event = 'comment' order by 1"""
    )
    assert home.ask(replies) == [
        ("2026-01-05 09:20:00", "agent", True),
        ("2026-01-05 09:40:00", "customer", True),
        ("2026-01-05 12:00:00", "agent", False),
        ("2026-01-05 13:00:00", "customer", True),
    ]
    assert home.ask(at("where event = 'status' and ticket_id = 'crm:500B'")) == [
        ("crm:500B", "status", "2026-01-06 10:00:00", "agent", "solved")
    ]
    assert home.ask("select ticket_id, metric, is_met from raw.ticket_outcomes order by all") == [
        ("crm:500A", "first_reply", True),
        ("crm:500A", "full_resolution", False),
        ("crm:500B", "first_reply", None),
    ]
    assert home.ask("select agent_id, team from raw.agents") == [("crm:005A", "L1")]
    assert home.ask("select interaction_id, customer_id, channel, direction, opportunity_id from raw.interactions") == [
        ("crm:00TA", "crm:003A", "phone", "outbound", "crm:006A")
    ]
    assert home.ask("select opportunity_id, won, closed_at::varchar from raw.opportunities order by 1") == [
        ("crm:006A", True, "2026-01-05 09:00:00"),
        ("crm:006B", None, None),
    ]
    assert home.ask("select order_id, status, gross_amount::double, ordered_at::varchar from raw.orders") == [
        ("crm:801A", "placed", 95.5, "2026-01-05 09:00:00")
    ]
    assert home.ask("select order_id, line_no, (quantity * unit_price)::double, product_id from raw.order_lines") == [
        ("crm:801A", 12, 95.5, "crm:01tA")
    ]
    assert home.ask("select product_id, category from raw.products") == [("crm:01tA", "Pumps")]


def test_salesforce_reads_objects_that_came_with_their_keys_alone(home: Home) -> None:
    """Field-level security leaves columns out of the weekly export: the object says nothing then, and refuses nothing."""  # noqa: E501
    home.put("Case.csv", FORCE["Case"].replace("P1", "High"), source="salesforce")
    for name in (
        "EmailMessage",
        "CaseComment",
        "CaseHistory",
        "CaseMilestone",
        "Task",
        "Opportunity",
        "Order",
        "OrderItem",
    ):
        home.put(f"{name}.csv", "Id\n1\n", source="salesforce")
    report = home.ingest()
    assert report.ok, report.refusals
    assert all(file.read == file.accepted for file in report.files)
    assert home.ask("select count(*) from raw.ticket_events where event = 'status'") == [(2,)]


def test_fivetran_s_ratings_are_answers_of_zendesk(home: Home) -> None:
    for source in ("zendesk_fivetran", "zendesk"):  # the latter is the name that it had at first
        home.put(
            "satisfaction_rating.csv",
            "id,assignee_id,comment,created_at,group_id,reason,requester_id,score,ticket_id,updated_at,url\n"
            "1,6,slow,2026-01-05 10:00:00,,,5,bad,11,2026-01-05 10:00:00,u\n"
            "2,6,,2026-01-05 10:00:00,,,5,good_with_comment,12,2026-01-05 10:00:00,u\n"
            "3,6,,2026-01-05 10:00:00,,,5,offered,13,2026-01-05 10:00:00,u\n",
            source=source,
        )
    assert home.ingest().ok
    asked = (
        "select about_id, score::int, text from raw.survey_answers join raw.surveys using (survey_id) "
        "where surveys.source_system = '{}' order by 1"
    )
    for source in ("zendesk_fivetran", "zendesk"):
        assert home.ask(asked.format(source)) == [(f"{source}:11", 0, "slow"), (f"{source}:12", 1, None)]


@pytest.mark.parametrize(
    ("files", "system"),
    [
        ({"f.csv": FORM["zh"]}, "google_forms"),
        ({"Order.csv": FORCE["Order"], "Product2.csv": FORCE["Product2"]}, "salesforce"),
        ({f"{name}.csv": text for name, text in WECOM.items()}, "wecom"),
        ({"log.csv": "id,Timestamp,value\n1,2026-01-05,3\n"}, None),  # anybody's
        ({"orders.csv": "id,total\n1,5\n", "assets.csv": "id\n1\n"}, None),
    ],
)
def test_what_a_system_exports_is_recognised(tmp_path: Path, files: dict[str, str], system: str | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    known = known_system(sorted(tmp_path.iterdir()))
    assert (known.name if known else None) == system
