-- Everything else the company does for customers: service orders, calls, opening hours, training, inspections, credit.
create table service_orders as
with needed as (
    select order_no * 8 as service_order_no, customer, customer_id, order_id, store, delay,
        'installation' as service_type, 'installation' as category, true as about_customer,
        plus(delivered_at, 3600 + 36000 * u(order_no, 'asks for')) as requested_at
    from orders
    where delivered_at is not null and appliances > 0 and u(order_no, 'installs') < 0.12
    union all
    select order_no * 8 + 1, customer, customer_id, order_id, store, delay, 'relocation', 'special', true,
        plus(delivered_at, 86400 * (30 + 200 * u(order_no, 'moves after')))
    from orders
    where delivered_at is not null and appliances > 0 and u(order_no, 'relocates') < 0.02
    union all
    select order_no * 8 + 2, customer, customer_id, order_id, store, delay, 'fault_repair', 'warranty', true,
        plus(delivered_at, 86400 * (10 + 300 * u(order_no, 'fails after')))
    from orders
    where delivered_at is not null and u(order_no, 'fails') < 0.03
    union all
    select order_no * 8 + 3, customer, customer_id, order_id, store, delay, 'check_out', 'reception', false, ordered_at
    from orders
    where channel = 'store' and u(order_no, 'timed') < 0.03
    union all
    select store * 100000000 + d * 8 + 4, null, null, null, store, 0, 'first_hot_dish', 'reception', false,
        plus(on_day(d)::timestamp, 43200 + 30000 * u((store, d), 'dish'))
    from stores, range(791) as t (d)
    where store = 11
    union all
    select store * 100000000 + d * 8 + 5, null, null, null, store, 0, 'patrol', 'patrol_inspection', false,
        plus(on_day(d)::timestamp, 36000 + 20000 * u((store, d), 'patrol'))
    from stores, range(3, 791, 7) as t (d)
    union all
    select order_no * 8 + 6, customer, customer_id, order_id, store, delay, 'parts', 'spare_parts', true,
        plus(delivered_at, 86400 * (20 + 200 * u(order_no, 'parts after')))
    from orders
    where delivered_at is not null and u(order_no, 'parts') < 0.008
    union all
    select order_no * 8 + 7, customer, customer_id, order_id, store, delay, 'advice', 'consulting', false,
        plus(ordered_at, -7200 - 86400 * 3 * u(order_no, 'advised before'))
    from orders
    where channel = 'store' and u(order_no, 'advised') < 0.04
    union all
    select store * 100000000 + (d + 1000) * 8 + 4, null, null, null, store, 0, 'product_class', 'training', false,
        plus(on_day(d)::timestamp, 50400 + 3600 * u((store, d), 'class'))
    from stores, range(9, 791, 14) as t (d)
),
taken as (
    select
        *,
        u((service_order_no, service_type), 'slow') < 0.06 + 0.15 * trouble(store, requested_at) as is_slow,
        exp(0.35 * z((service_order_no, service_type), 'takes')) as pace
    from needed
    where requested_at < getvariable('horizon')
),
timed as (
    select
        *,
        (case service_type
            when 'installation' then case when is_slow then 10 else 2.6 * pace end * 86400
            when 'relocation' then case when is_slow then 11 else 2.8 * pace end * 86400
            when 'fault_repair' then case when is_slow then 20 + 10 * pace else 3.4 * pace end * 3600
            when 'check_out' then case when is_slow then 260 else 110 * pace end
            when 'first_hot_dish' then case when is_slow then 780 else 450 * pace end
            when 'patrol' then 5400 * pace
            when 'advice' then 2400 * pace
            when 'product_class' then 7200 * pace
            else 2 * 86400 * pace
        end) as seconds
    from taken
)
select
    service_order_no,
    'SO' || lpad(service_order_no::varchar, 12, '0') as service_order_id,
    customer, customer_id, order_id, store,
    'S' || lpad(store::varchar, 2, '0') as store_id,
    category, service_type, about_customer, requested_at,
    case when category in ('installation', 'special', 'patrol_inspection', 'training') then requested_at + interval '2 days' end as planned_at,
    case service_type
        when 'installation' then requested_at + interval '9 days' when 'relocation' then requested_at + interval '9 days'
        when 'fault_repair' then requested_at + interval '16 hours' end as promised_at,
    case when u(service_order_no, 'cancelled') >= 0.02 then plus(requested_at, 0.6 * seconds) end as started_at,
    case when u(service_order_no, 'cancelled') >= 0.02 then plus(requested_at, seconds) end as completed_at,
    case when u(service_order_no, 'cancelled') < 0.02 then plus(requested_at, 7200) end as cancelled_at,
    u(service_order_no, 'right') < 0.93 as right_first_time,
    u(service_order_no, 'our error') < 0.012 as our_data_error,
    case when u(service_order_no, 'right') >= 0.97 then 'not fixed 未修好' end as returned_reason,
    is_slow as is_late,
    case when category in ('special', 'spare_parts') then round(40 + 160 * u(service_order_no, 'fee'))::decimal(12, 2) end as fee,
    case when category = 'spare_parts' then 1 + cast(floor(4 * u(service_order_no, 'parts wanted')) as int) end as quantity_requested,
    case when category = 'spare_parts'
        then 1 + cast(floor(4 * u(service_order_no, 'parts wanted')) as int) - (u(service_order_no, 'parts missing') < 0.08)::int
    end as quantity_supplied,
    u(service_order_no, 'customised') < 0.06 as is_customised,
    round(30 + 90 * u(service_order_no, 'cost'))::decimal(12, 2) as cost,
    delay
from timed;

create table opportunities as
select
    'OP' || lpad(customer::varchar, 8, '0') || '-' || n as opportunity_id,
    customer, customer_id, store,
    'A' || lpad(((store - 1) * getvariable('agents_per_store'))::varchar, 5, '0') as agent_id,
    round(2000 + 60000 * pow(u((customer, n), 'amount'), 3))::decimal(12, 2) as amount,
    greatest(first_known_at, plus(timestamp '2024-09-02 10:00:00', 86400 * (n * 200 + 180 * u((customer, n), 'opens')))) as created_at,
    plus(greatest(first_known_at, plus(timestamp '2024-09-02 10:00:00', 86400 * (n * 200 + 180 * u((customer, n), 'opens')))),
        86400 * (10 + 70 * u((customer, n), 'decides'))) as closed_at,
    u((customer, n), 'wins') < 0.31 as won,
    0 as delay
from customers, range(4) as t (n)
where is_company and segment <> 'prospect' and u((customer, n), 'opportunity') < 0.5;

create table interactions as
with calls as (
    select
        'T' || ticket_no as call, customer_id, agent_id, store, 'phone' as channel, 'inbound' as direction, 'ticket' as purpose,
        null as opportunity_id, plus(created_at, -120 - 300 * u(ticket_no, 'rang')) as started_at
    from tickets
    where channel = 'phone'
    union all
    select 'I' || order_no, customer_id, null, store, pick(['phone', 'chat', 'phone'], order_no, 'enquires by'), 'inbound', 'enquiry',
        null, plus(ordered_at, -3600 * 20 * u(order_no, 'enquired'))
    from orders
    where u(order_no, 'enquires') < 0.30
    union all
    select 'C' || customer || '-' || m, customer_id, null, store, 'phone', 'outbound', 'care', null,
        plus(timestamp '2024-09-02 09:30:00' + to_months(m::int), 86400 * floor(25 * u((customer, m), 'care day')) + 28000 * u((customer, m), 'care hour'))
    from customers, range(26) as t (m)
    where segment in ('regular', 'champion') and first_known_at < timestamp '2024-09-01' + to_months(m::int)
        and on_day(left_day) > timestamp '2024-10-01' + to_months(m::int) and u((customer, m), 'cared') < 0.22
    union all
    select 'V' || opportunity_id, customer_id, agent_id, store, 'visit', 'outbound', 'sales', opportunity_id, plus(created_at, 86400 * 4)
    from opportunities
),
rung as (
    select
        *,
        case when direction = 'outbound' then 0
            else cast(floor(9 * exp(0.9 * z(call, 'queue'))) as bigint) end as queue_seconds,
        direction = 'inbound' and u(call, 'abandons') < 0.05 + 0.08 * trouble(store, started_at) as abandoned
    from calls
    where started_at < getvariable('horizon') - interval '1 hour' and started_at >= timestamp '2024-09-01'
)
select
    'IX' || call as interaction_id,
    customer_id,
    -- the hotline answers: every third agent of a store, the newest left out
    case when not abandoned then coalesce(agent_id, 'A' || lpad(
        ((store - 1) * getvariable('agents_per_store')
        + 3 * cast(floor(ceil((getvariable('agents_per_store') - 1) / 3.0) * u(call, 'agent')) as int))::varchar, 5, '0')) end as agent_id,
    store,
    'S' || lpad(store::varchar, 2, '0') as store_id,
    channel, direction, purpose,
    -- noted of three contacts in five, and never where nobody spoke
    case
        when abandoned or u(call, 'need noted') >= 0.6 then null
        when purpose = 'enquiry' then pick(['information', 'information', 'convenience'], call, 'need')
        when purpose = 'care' then pick(['emotion', 'emotion', 'information'], call, 'need')
        when purpose = 'sales' then pick(['information', 'environment'], call, 'need')
        else pick(['information', 'convenience', 'emotion'], call, 'need')
    end as need,
    opportunity_id, started_at,
    case when channel = 'phone' and direction = 'inbound' then 1 + queue_seconds // 6 end as rings,
    queue_seconds,
    case when not abandoned then plus(started_at, queue_seconds) end as answered_at,
    case when not abandoned then cast(floor(40 * pow(u(call, 'hold'), 4)) as bigint) end as hold_seconds,
    case when not abandoned then cast(floor(20 + 60 * u(call, 'wrap')) as bigint) end as wrap_up_seconds,
    plus(started_at, queue_seconds + case when abandoned then 0 else 60 + 420 * u(call, 'talk') end) as ended_at,
    abandoned,
    case when not abandoned and u(call, 'follow up') < 0.12 then started_at::date::timestamp + interval '2 days 18 hours' end as follow_up_due_at,
    case when not abandoned and u(call, 'follow up') < 0.12 and u(call, 'followed up') < 0.88
        then plus(started_at::date::timestamp, 86400 * (1 + 1.9 * u(call, 'follow up done'))) end as follow_up_done_at,
    -- planted: a call log that is handed in days or weeks later, also from the month before
    case when u(call, 'delay') < 0.01 then 1 + cast(floor(35 * u(call, 'delay days')) as int) else 0 end as delay
from rung;

create table credit_applications as
select
    'CA' || lpad(customer::varchar, 8, '0') as application_id,
    customer_id,
    plus(greatest(first_known_at, timestamp '2024-09-02 09:00:00'), 86400 * 300 * u(customer, 'applies')) as applied_at,
    plus(greatest(first_known_at, timestamp '2024-09-02 09:00:00'), 86400 * (300 * u(customer, 'applies') + 1 + 6 * u(customer, 'decided')))
    as decided_at,
    u(customer, 'granted') < 0.8 as granted,
    round(5000 + 45000 * u(customer, 'credit'))::decimal(12, 2) as amount,
    0 as delay
from customers
where is_company;

create table stock as
select
    product, product_id, store_id, days.date, days.date::timestamp + interval '21 hours' as known_at,
    greatest(0, cast(round(22 + 14 * z((product, store, day), 'stock')) as int)) as on_hand,
    0 as delay
from products, stores, days
where days.day between 0 and 790 and isodow(days.date) = 1 and product <= 40;

create table store_hours as
with shifts as (
    select schedule_id, min(begins) as opens_at, max(begins) + interval '30 minutes' as closes_at
    from (select schedule_id, begins, begins - to_minutes(30 * row_number() over (partition by schedule_id order by begins)) as run
        from open_half_hours)
    where schedule_id <> 'always' and begins >= timestamp '2024-09-01'
    group by schedule_id, run
)
select
    store_id,
    case when u((store, opens_at), 'opens late') < 0.06 + 0.2 * trouble(store, opens_at)
        then opens_at + to_minutes(15 * (1 + cast(floor(4 * u((store, opens_at), 'how late')) as int))) else opens_at end as opened_at,
    case when u((store, opens_at), 'closes early') < 0.03 then closes_at - interval '45 minutes' else closes_at end as closed_at,
    0 as delay
from shifts
inner join stores using (schedule_id)
where closes_at < getvariable('horizon');

-- time at the telephone, planned so that calls fill half to three quarters of it
create table agent_shifts as
with duties as (
    select agents.agent, agents.agent_id, agents.store, days.day, date_trunc('month', on_day(days.day)) as month
    from agents, days
    where team = 'hotline' and day between 0 and 790 and (day + agent) % 7 < 5
        and hired_at < on_day(day)::timestamp and (left_at is null or left_at > on_day(day)::timestamp + interval '1 day')
),
work as (
    select store, date_trunc('month', started_at) as month,
        sum(date_diff('second', answered_at, ended_at) + wrap_up_seconds)::bigint as seconds
    from interactions
    where channel = 'phone' and answered_at is not null
    group by all
),
planned as (
    select store, month, count(*) as duties
    from duties
    group by all
)
select
    duties.agent_id,
    plus(on_day(duties.day)::timestamp, 32400 + 300 * u((duties.agent, duties.day), 'logs in')) as started_at,
    greatest(600, cast(floor(
        coalesce(work.seconds, 0)::double / planned.duties / (0.5 + 0.25 * u((duties.store, duties.month), 'busy'))
        * (0.9 + 0.2 * u((duties.agent, duties.day), 'logs out'))
    ) as bigint)) as logged_in_seconds,
    0 as delay
from duties
inner join planned using (store, month)
left join work using (store, month);

create table agent_training as
select agent_id, course, taken_at, 0 as delay
from (
    select agent, agent_id, hired_at,
        ['complaint handling 投诉处理', 'product knowledge 产品知识', 'telephone manner 电话礼仪'][1 + n % 3] as course,
        plus(timestamp '2024-09-10 14:00:00', 86400 * (n * 250 + floor(200 * u((agent, n), 'training')))) as taken_at
    from agents, range(3) as t (n)
    where u((agent, n), 'trained') < 0.7
)
where taken_at > hired_at and taken_at < getvariable('horizon');

create table standard_counts as
select
    standard_id, store_id, days.date as period_date, days.date::timestamp + interval '22 hours' as known_at,
    tried as opportunities,
    cast(floor(tried * rate * (0.7 + 0.6 * u((standard_id, store, day), 'defects'))
        + u((standard_id, store, day), 'defects rest')) as bigint) as defects,
    0 as delay
from (
    select store, store_id, day, date, standard_id, rate,
        cast(volume * weight * (0.8 + 0.4 * u((standard_id, store, day), 'volume')) as bigint) as tried
    from stores, days, (values
        ('network_connection_long_distance', 0.08, 30), ('network_connection_local', 0.04, 60), ('billing_error', 0.0000002, 700)
    ) as s (standard_id, rate, volume)
    where day between 0 and 790
) as days
where tried > 0;

-- planted: store 5 fails many items until an improvement action of March 2026
create table inspections as
select
    'IN' || store_id || '-' || strftime(inspected_at, '%Y%m') || '-' || visit as inspection_id,
    dimension || '_' || n as standard_id,
    store_id, inspected_at,
    u((store, m, visit, dimension, n), 'passed')
    < 0.91 - 0.3 * trouble(store, inspected_at) - case when store = 5 and inspected_at < timestamp '2026-03-01' then 0.25 else 0 end as passed,
    0 as delay
from (
    select store, store_id, m, visit,
        plus(timestamp '2024-09-02 10:00:00' + to_months(m::int), 86400 * (14 * (visit - 1) + floor(8 * u((store, m, visit), 'inspected')))) as inspected_at
    from stores, range(26) as t (m), (values (1), (2)) as v (visit)
), (values ('tangibles'), ('reliability'), ('responsiveness'), ('assurance'), ('empathy')) as d (dimension), (values (1), (2), (3)) as i (n);

create table improvement_actions as
select
    'IA' || lpad(n::varchar, 3, '0') as action_id,
    metric_id, scope_type, scope_id, gap, cause, owner,
    collected_at::timestamp + interval '10 hours' as collected_at,
    collected_at::timestamp + interval '5 days 10 hours' as analysed_at,
    collected_at::timestamp + interval '12 days 10 hours' as planned_at,
    case when implemented then collected_at::timestamp + interval '40 days 10 hours' end as implemented_at,
    case when implemented then collected_at::timestamp + interval '75 days 10 hours' end as verified_at,
    collected_at::timestamp + interval '45 days 18 hours' as due_at,
    0 as delay
from (values
    (1, 'promise_kept', 'store', 'S05', 'late deliveries before the holidays', 'too few carriers', '王芳', date '2024-12-02', true),
    (2, 'first_reply', 'team', 'online', 'slow first reply at noon', 'lunch shifts overlap', '李娜', date '2025-02-17', true),
    (3, 'csat', 'store', 'S09', 'rude tone on the telephone', 'no training', '张伟', date '2025-05-12', true),
    (4, 'complaint_rate', 'category', 'billing', 'bills hard to understand', 'form too long', 'Emma Hughes', date '2025-09-08', true),
    (5, 'standards', 'company', 'company', 'repairs over the limit', 'no spare parts', '刘洋', date '2026-01-12', true),
    (6, 'servqual', 'company', 'company', 'responsiveness below expectation', 'hotline understaffed', '陈静', date '2026-04-13', true),
    (7, 'csat', 'store', 'S07', 'satisfaction falls', 'staff left, new carrier', '赵敏', date '2026-09-14', false),
    (8, 'promise_kept', 'store', 'S07', 'more late deliveries', 'new carrier', '赵敏', date '2026-10-05', false),
    (9, 'inspections', 'store', 'S05', 'items fail in inspections', 'no morning round', '王芳', date '2026-01-20', true)
) as t (n, metric_id, scope_type, scope_id, gap, cause, owner, collected_at, implemented);
