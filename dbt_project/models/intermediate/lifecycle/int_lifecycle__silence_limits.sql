with build_months as (
    select month, month_end_date from {{ ref('int_core__build_months') }}
),

-- who is back from being lost was so by the limit of the month before: the first month built needs its predecessor's
months as (
    select month, month_end_date from build_months
    union
    select {{ add_months('month', -1) }} as month, {{ add_days('month', -1) }} as month_end_date from build_months
),

customers as (
    select customer_id, type from {{ ref('dim_customer') }}
),

order_days as (
    select customer_id, order_month, order_date, gap_days
    from {{ ref('int_customer__order_days') }}
),

-- a gap begins with each order day and is seen if it has ended
begun as (
    select
        customers.type,
        order_days.order_month,
        count(*) as order_days,
        {{ int_sum(day_number('order_days.order_date')) }} as day_numbers
    from order_days
    inner join customers on order_days.customer_id = customers.customer_id
    group by customers.type, order_days.order_month
),

-- where orders come evenly over a time, order days have been watched for half of it on average
watched as (
    select
        months.month,
        begun.type,
        2 * ({{ day_number('months.month_end_date') }} - {{ divide('sum(begun.day_numbers)', 'sum(begun.order_days)') }}) as watched_days
    from months
    inner join begun on months.month >= begun.order_month
    group by months.month, months.month_end_date, begun.type
),

gaps as (
    select
        customers.type,
        order_days.order_month,
        order_days.gap_days,
        count(*) as gaps_count
    from order_days
    inner join customers on order_days.customer_id = customers.customer_id
    where order_days.gap_days is not null
    group by customers.type, order_days.order_month, order_days.gap_days
),

known_gaps as (
    select
        months.month,
        gaps.type,
        gaps.gap_days,
        sum(gaps.gaps_count) as gaps_count
    from months
    inner join gaps on months.month >= gaps.order_month
    group by months.month, gaps.type, gaps.gap_days
),

-- the quantile lies at this place, counted from 0, between two gaps in order of length
placed as (
    select
        month,
        type,
        gap_days,
        sum(gaps_count) over (partition by month, type order by gap_days) as gaps_up_to,
        sum(gaps_count) over (partition by month, type) as gaps_count,
        {{ var('at_risk_quantile') }} * (sum(gaps_count) over (partition by month, type) - 1) as place
    from known_gaps
),

neighbours as (
    select
        month,
        type,
        gaps_count,
        place,
        floor(place) as place_below,
        min(case when gaps_up_to >= floor(place) + 1 then gap_days end) as gap_below,
        min(case when gaps_up_to >= ceil(place) + 1 then gap_days end) as gap_above
    from placed
    group by month, type, gaps_count, place
),

seen as (
    select
        month,
        type,
        gaps_count,
        {{ measure('gap_below + (place - place_below) * (gap_above - gap_below)') }} as seen_limit_days
    from neighbours
)

-- gaps longer than the history have not ended: in one of their own length the quantile is that of the history, not of customers
select
    seen.month,
    seen.type,
    cast(seen.gaps_count as bigint) as gaps_count,
    seen.seen_limit_days,
    {{ measure('watched.watched_days') }} as watched_days,
    case
        when seen.gaps_count >= {{ var('own_gaps_min') }}
            and watched.watched_days >= {{ var('limit_histories_min') }} * cast(seen.seen_limit_days as double)
            then seen.seen_limit_days
    end as group_limit_days
from seen
inner join watched on seen.month = watched.month and seen.type = watched.type
