-- What customers say when asked, and what they leave unanswered.
create table surveys as
with asked as (
    select
        'SV-O' || order_no as survey_id, 'csat' as instrument, customer, 'delivery' as about_type, order_id as about_id,
        store, delay, is_late, null::boolean as is_fast, trouble(store, delivered_at) as trouble,
        plus(delivered_at, 86400) as sent_at
    from orders
    where delivered_at is not null and channel <> 'store' and u(order_no, 'asked') < 0.35
    union all
    select
        'SV-B' || order_no, 'csat', customer, 'order', order_id, store, delay, false, null, trouble(store, ordered_at) * 0.6,
        plus(ordered_at, 3600)
    from orders
    where channel = 'store' and u(order_no, 'asked') < 0.25
    union all
    select
        'SV-T' || ticket_no, 'csat', customer, 'ticket', ticket_id, store, delay, false,
        case when complains then is_fast end, trouble, plus(settled_at, 3600)
    from tickets
    where settled_at is not null and u(ticket_no, 'asked') < 0.55
    union all
    select
        'SV-E' || ticket_no, 'ces', customer, 'ticket', ticket_id, store, delay, false,
        case when complains then is_fast end, trouble, plus(settled_at, 7200)
    from tickets
    where settled_at is not null and u(ticket_no, 'asked') between 0.75 and 0.95
    union all
    select
        'SV-S' || service_order_no, 'csat', customer, 'service_order', service_order_id, store, 0, is_late, null,
        trouble(store, completed_at), plus(completed_at, 7200)
    from service_orders
    where completed_at is not null and about_customer and u(service_order_no, 'asked') < 0.5
    union all
    select
        'SV-N' || customer || '-' || m, 'nps', customer, 'relationship', null, store, 0, false, null,
        trouble(store, sent_at) * 0.7, sent_at
    from (
        select customer, store, m, first_known_at, left_day,
            plus(timestamp '2024-09-05 10:00:00' + to_months(m::int), 86400 * floor(15 * u((customer, m), 'nps day'))) as sent_at
        from customers, range(26) as t (m)
        where segment <> 'prospect' and u((customer, m), 'nps asked') < 0.10
    )
    where first_known_at < sent_at and on_day(left_day) > sent_at
    union all
    select
        'SV-Q' || customer || '-' || m, 'servqual', customer, 'store', store_id, store, 0, false, null,
        trouble(store, sent_at), sent_at
    from (
        select customer, store, 'S' || lpad(store::varchar, 2, '0') as store_id, m, first_known_at, left_day,
            plus(timestamp '2024-09-08 10:00:00' + to_months(m::int), 86400 * floor(10 * u((customer, m), 'servqual day'))) as sent_at
        from customers, range(26) as t (m)
        where segment <> 'prospect' and u((customer, m), 'servqual asked') < least(0.08, 1200.0 / getvariable('customers'))
    )
    where first_known_at < sent_at and on_day(left_day) > sent_at
    union all
    select 'SV-X' || customer, 'exit', customer, 'relationship', null, store, 0, false, null, 0, plus(closed_at, 3600)
    from customers
    where closed_at < getvariable('horizon')
)
select
    *,
    'customer' as respondent_type,
    'K' || lpad(customer::varchar, 8, '0') as customer_id,
    pick(['email', 'sms', 'wechat'], survey_id, 'channel') as channel,
    case when u(survey_id, 'responds') < case instrument when 'nps' then 0.38 when 'exit' then 0.45 when 'servqual' then 0.35 else 0.33 end
        then plus(sent_at, 900 + 86400 * 4 * pow(u(survey_id, 'responded'), 3)) end as responded_at
from asked
where sent_at < getvariable('horizon')
union all
select
    'SV-A' || agent || '-' || m, 'agent_satisfaction', null, 'agent', agent_id, store, 0, false, null, trouble(store, sent_at), sent_at,
    'agent', null, 'email', plus(sent_at, 86400 * u((agent, m), 'answers'))
from agents, range(26) as t (m), (select plus(timestamp '2024-09-12 09:00:00', 0) as first_at),
    lateral (select first_at + to_months(m::int) as sent_at)
where hired_at < sent_at and (left_at is null or left_at > sent_at) and agent % greatest(1, getvariable('agents_per_store') // 5) = 0;

create table survey_answers as
with answered as (
    select
        *,
        -- one latent mood per answer sheet, about standard normal
        z(survey_id, 'mood') + 0.10
        - 1.15 * is_late::int - 1.0 * trouble
        + case when is_fast is null then 0 when is_fast then -0.25 else -1.5 end as mood
    from surveys
    where responded_at is not null
),
sheets as (
    select survey_id, responded_at, delay, 'csat' as item_id, 'score' as side,
        case when mood > 0.05 then 5 when mood > -1.0 then 4 when mood > -1.6 then 3 when mood > -2.1 then 2 else 1 end as score,
        case
            when u(survey_id, 'writes') > 0.12 then null
            when mood > -1.0 then pick(['Thank you, quick and friendly', '很满意，下次还来', '师傅很专业', 'Exactly as promised'], survey_id, 'words')
            else pick(['Waited far too long', '等了好几天没人回复', '送货迟到了，也没人通知', 'Nobody called back'], survey_id, 'words')
        end as text
    from answered
    where instrument = 'csat'
    union all
    select survey_id, responded_at, delay, 'nps', 'score',
        case when mood > 1.0 then 10 when mood > 0.1 then 9 when mood > -0.45 then 8 when mood > -0.9 then 7 when mood > -1.3 then 6
            when mood > -1.7 then 5 when mood > -2.0 then 3 else 1 end, null
    from answered
    where instrument = 'nps'
    union all
    select survey_id, responded_at, delay, 'ces', 'score', greatest(1, least(7, cast(round(5.5 + 1.2 * mood) as int))), null
    from answered
    where instrument = 'ces'
    union all
    select survey_id, responded_at, delay, 'overall', 'score', greatest(1, least(10, cast(round(7.2 + 1.1 * mood) as int))), null
    from answered
    where instrument = 'agent_satisfaction'
    union all
    select survey_id, responded_at, delay, 'reason', 'score', null,
        pick(['poor_service', 'poor_service', 'poor_service', 'nobody_cared', 'nobody_cared', 'cheaper', 'better_product', 'other'], customer, 'leaves for')
    from answered
    where instrument = 'exit'
    union all
    select survey_id, responded_at, delay, 'would_return', 'score', cast(floor(6 * u(survey_id, 'returns')) as int), null
    from answered
    where instrument = 'exit'
    union all
    select answered.survey_id, responded_at, delay, items.item_id, sides.side,
        greatest(1, least(7, cast(round(
            case sides.side when 'expectation' then 6.0 + 0.5 * z((answered.survey_id, item_id), 'expects') + 0.3 * z(answered.survey_id, 'demanding')
                else 5.5 + case items.dimension when 'tangibles' then 0.35 when 'responsiveness' then -0.35 when 'empathy' then -0.15 else 0.1 end
                    + 0.6 * mood + 0.55 * z((answered.survey_id, item_id), 'perceives') end
        ) as int))), null
    from answered
    inner join survey_items as items on items.instrument = 'servqual' and items.scale_max = 7
    cross join (values ('expectation'), ('perception')) as sides (side)
    where answered.instrument = 'servqual'
        -- two answers in a hundred are left blank
        and u((answered.survey_id, item_id, sides.side), 'blank') > 0.02
    union all
    select survey_id, responded_at, delay, share.item_id, 'importance', share.points, null
    from (
        select *,
            [20, 30, 22, 18] as base,
            cast(floor(9 * u(survey_id, 'weighs a')) - 4 as int) as a,
            cast(floor(9 * u(survey_id, 'weighs b')) - 4 as int) as b
        from answered
        where instrument = 'servqual'
    ),
    lateral (values
        ('tangibles', 11 - a), ('reliability', 32 + a + b), ('responsiveness', 22 - b), ('assurance', 19), ('empathy', 16)
    ) as share (item_id, points)
)
select sheets.* from sheets where responded_at < getvariable('horizon');
