with orders as (
    select order_id, source_system, customer_id, store_id, region, ordered_at, is_customised
    from {{ ref('fct_order') }}
    where is_purchase
),

service_orders as (
    select service_order_id, source_system, customer_id, store_id, region, requested_at, is_customised
    from {{ ref('fct_service_order') }}
    where not coalesce(is_cancelled, false)
),

csat as (
    select survey_id, touch_point, about_id, responded_at, is_positive
    from {{ ref('csat') }}
    where is_response and is_positive is not null and touch_point in ('order', 'delivery', 'service_order')
),

run as (
    select as_of_date from {{ source('control', 'run') }}
),

served as (
    select
        'order' as served_by,
        order_id as served_id,
        source_system,
        customer_id,
        store_id,
        region,
        ordered_at as served_at,
        is_customised
    from orders
    where is_customised is not null
    union all
    select
        'service_order' as served_by,
        service_order_id as served_id,
        source_system,
        customer_id,
        store_id,
        region,
        requested_at as served_at,
        is_customised
    from service_orders
    where is_customised is not null
),

last_scores as (
    select
        case when touch_point = 'service_order' then 'service_order' else 'order' end as served_by,
        about_id,
        is_positive,
        row_number() over (
            partition by case when touch_point = 'service_order' then 'service_order' else 'order' end, about_id
            order by responded_at desc, survey_id desc
        ) as recency
    from csat
),

-- orders stand before what was served at the same moment
moments as (
    select customer_id, ordered_at as moment_at, 0 as turn, ordered_at, null as served_by, null as served_id
    from orders
    where customer_id is not null
    union all
    select customer_id, served_at as moment_at, 1 as turn, null as ordered_at, served_by, served_id
    from served
    where customer_id is not null
),

followed as (
    select
        served_by,
        served_id,
        min(ordered_at) over (
            partition by customer_id order by moment_at, turn rows between 1 following and unbounded following
        ) as next_ordered_at
    from moments
),

judged as (
    select
        served.served_by,
        served.served_id,
        served.source_system,
        served.customer_id,
        served.store_id,
        served.region,
        served.served_at,
        served.is_customised,
        last_scores.is_positive,
        {{ add_days(local_date('served.served_at'), var('again_days')) }} as judged_date,
        {{ local_date('followed.next_ordered_at') }} as next_order_date
    from served
    left join last_scores
        on served.served_by = last_scores.served_by and served.served_id = last_scores.about_id and last_scores.recency = 1
    left join followed on served.served_by = followed.served_by and served.served_id = followed.served_id
)

select
    judged.served_by,
    judged.served_id,
    judged.source_system,
    judged.customer_id,
    judged.store_id,
    judged.region,
    judged.served_at,
    {{ local_month('judged.served_at') }} as served_month,
    judged.is_customised,
    judged.is_positive,
    case
        when judged.customer_id is not null and judged.judged_date <= run.as_of_date then {{ month_of('judged.judged_date') }}
    end as judged_month,
    case
        when judged.customer_id is not null and judged.judged_date <= run.as_of_date
            then coalesce(judged.next_order_date <= judged.judged_date, false)
    end as is_bought_again
from judged
cross join run
