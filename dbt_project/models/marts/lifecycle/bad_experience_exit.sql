with failures as (
    select failure_id, customer_id, store_id, region, order_id, kind, failed_at, is_first_of_incident
    from {{ ref('int_service__failures') }}
    where store_id is not null
),

orders as (
    select order_id, customer_id, store_id, region, ordered_at, delivered_at
    from {{ ref('fct_order') }}
    where is_purchase and store_id is not null and customer_id is not null
),

run as (
    select as_of_date from {{ source('control', 'run') }}
),

failed_orders as (
    select distinct order_id from failures where order_id is not null
),

-- an order that went wrong is told by its failure; one that went well counts from when it was there
experiences as (
    select
        concat('bad:', failure_id) as experience_id, -- two customers may meet with one incident
        customer_id,
        store_id,
        region,
        kind,
        true as is_bad_experience,
        failed_at as happened_at
    from failures
    where is_first_of_incident
    union all
    select
        concat('order:', orders.order_id) as experience_id,
        orders.customer_id,
        orders.store_id,
        orders.region,
        null as kind,
        false as is_bad_experience,
        coalesce(orders.delivered_at, orders.ordered_at) as happened_at
    from orders
    left join failed_orders on orders.order_id = failed_orders.order_id
    where failed_orders.order_id is null
),

-- orders stand before the experience of the same moment, so that none follows itself
moments as (
    select
        customer_id,
        store_id,
        null as experience_id,
        ordered_at as moment_at,
        0 as turn,
        ordered_at
    from orders
    union all
    select
        customer_id,
        store_id,
        experience_id,
        happened_at as moment_at,
        1 as turn,
        null as ordered_at
    from experiences
),

followed as (
    select
        customer_id,
        store_id,
        experience_id,
        count(ordered_at) over (
            partition by customer_id, store_id order by moment_at, turn rows between unbounded preceding and current row
        ) as orders_before,
        min(ordered_at) over (
            partition by customer_id, store_id order by moment_at, turn rows between 1 following and unbounded following
        ) as next_ordered_at
    from moments
),

judged as (
    select
        experiences.experience_id,
        experiences.customer_id,
        experiences.store_id,
        experiences.region,
        experiences.happened_at,
        experiences.is_bad_experience,
        experiences.kind,
        followed.orders_before,
        {{ add_days(local_date('experiences.happened_at'), var('exit_days')) }} as judged_date,
        followed.next_ordered_at
    from experiences
    inner join followed
        on
            experiences.customer_id = followed.customer_id
            and experiences.store_id = followed.store_id
            and experiences.experience_id = followed.experience_id
)

select
    judged.experience_id,
    judged.customer_id,
    judged.store_id,
    judged.region,
    judged.happened_at,
    {{ local_month('judged.happened_at') }} as happened_month,
    judged.is_bad_experience,
    judged.kind,
    case when judged.orders_before <= 1 then 'first' when judged.orders_before <= 5 then 'second_to_fifth' else 'later' end as familiarity,
    judged.judged_date,
    case when judged.judged_date <= run.as_of_date then {{ month_of('judged.judged_date') }} end as judged_month,
    case
        when judged.judged_date <= run.as_of_date
            then coalesce({{ local_date('judged.next_ordered_at') }} > judged.judged_date, true)
    end as is_exit
from judged
cross join run
