{%- set nothing = 'cast(null as ' ~ text_type() ~ ')' -%}
with tickets as (
    select
        ticket_id,
        customer_id,
        order_id,
        store_id,
        region,
        kind,
        severity,
        status,
        created_at,
        created_month,
        solved_at
    from {{ ref('fct_ticket') }}
    where not is_deleted and not is_merged
),

orders as (
    select
        order_id,
        customer_id,
        store_id,
        region,
        promised_at,
        promised_month
    from {{ ref('fct_order') }}
    where is_late
),

service_orders as (
    select
        service_order_id,
        customer_id,
        order_id,
        store_id,
        region,
        promised_at,
        promised_month,
        is_late
    from {{ ref('fct_service_order') }}
),

-- the lowest quarter of the scale: 1 and 2 of 5
low_scores as (
    select
        survey_id,
        customer_id,
        store_id,
        region,
        touch_point,
        about_id,
        responded_at,
        response_month
    from {{ ref('csat') }}
    where score is not null and (score - scale_min) * 4 <= scale_max - scale_min
),

complaints as (
    select
        ticket_id,
        customer_id,
        order_id,
        store_id,
        region,
        severity,
        status,
        created_at,
        created_month,
        solved_at
    from tickets
    where kind = 'complaint'
),

-- who was dissatisfied and complained shortly before or after was not silent
complained as (
    select distinct low_scores.survey_id
    from low_scores
    inner join complaints on low_scores.customer_id = complaints.customer_id
    where
        {{ seconds_between('low_scores.responded_at', 'complaints.created_at') }}
        between {{ -86400 * var('silent_days') }} and {{ 86400 * var('silent_days') }}
),

-- the order is the incident where one is known, so that a late order that is complained about and marked down counts once
failures as (
    select
        'complaint' as kind,
        ticket_id as source_id,
        customer_id,
        store_id,
        region,
        severity,
        created_at as failed_at,
        created_month as failed_month,
        order_id,
        ticket_id,
        {{ nothing }} as service_order_id,
        {{ nothing }} as survey_id,
        coalesce('order:' || order_id, 'ticket:' || ticket_id) as incident_id,
        solved_at as resolved_at,
        case
            when status is null then null
            when solved_at is null then case when not {{ is_done('status') }} then 'unresolved' end
            when {{ seconds_between('created_at', 'solved_at') }} < {{ 3600 * var('on_the_spot_hours') }} then 'on_the_spot'
            else 'later'
        end as resolution_class
    from complaints
    union all
    select
        'broken_promise' as kind,
        order_id as source_id,
        customer_id,
        store_id,
        region,
        {{ nothing }} as severity,
        promised_at as failed_at,
        promised_month as failed_month,
        order_id,
        {{ nothing }} as ticket_id,
        {{ nothing }} as service_order_id,
        {{ nothing }} as survey_id,
        'order:' || order_id as incident_id,
        cast(null as {{ timestamp_type() }}) as resolved_at,
        {{ nothing }} as resolution_class
    from orders
    union all
    select
        'broken_promise' as kind,
        'service_order:' || service_order_id as source_id, -- an order and a service order may have one number
        customer_id,
        store_id,
        region,
        {{ nothing }} as severity,
        promised_at as failed_at,
        promised_month as failed_month,
        order_id,
        {{ nothing }} as ticket_id,
        service_order_id,
        {{ nothing }} as survey_id,
        'service_order:' || service_order_id as incident_id,
        cast(null as {{ timestamp_type() }}) as resolved_at,
        {{ nothing }} as resolution_class
    from service_orders
    where is_late
    union all
    select
        'low_csat' as kind,
        low_scores.survey_id as source_id,
        low_scores.customer_id,
        low_scores.store_id,
        low_scores.region,
        {{ nothing }} as severity,
        low_scores.responded_at as failed_at,
        low_scores.response_month as failed_month,
        case
            when low_scores.touch_point in ('order', 'delivery') then low_scores.about_id
            when low_scores.touch_point = 'service_order' then service_orders.order_id
            else tickets.order_id
        end as order_id,
        tickets.ticket_id,
        case when low_scores.touch_point = 'service_order' then low_scores.about_id end as service_order_id,
        low_scores.survey_id,
        coalesce(
            case
                when low_scores.touch_point in ('order', 'delivery') then 'order:' || low_scores.about_id
                when low_scores.touch_point = 'service_order' then 'service_order:' || low_scores.about_id
            end,
            'order:' || tickets.order_id,
            'ticket:' || tickets.ticket_id,
            'survey:' || low_scores.survey_id
        ) as incident_id,
        cast(null as {{ timestamp_type() }}) as resolved_at,
        case when complained.survey_id is null and coalesce(tickets.kind, '') <> 'complaint' then 'silent' end as resolution_class
    from low_scores
    left join tickets on case when low_scores.touch_point = 'ticket' then low_scores.about_id end = tickets.ticket_id
    left join service_orders
        on case when low_scores.touch_point = 'service_order' then low_scores.about_id end = service_orders.service_order_id
    left join complained on low_scores.survey_id = complained.survey_id
)

select
    kind || ':' || source_id as failure_id,
    kind,
    customer_id,
    store_id,
    region,
    severity,
    failed_at,
    failed_month,
    order_id,
    ticket_id,
    service_order_id,
    survey_id,
    incident_id,
    row_number() over (partition by customer_id, incident_id order by failed_at, kind, source_id) = 1 as is_first_of_incident,
    kind = 'complaint' as is_complaint,
    resolved_at,
    resolution_class
from failures
where customer_id is not null
