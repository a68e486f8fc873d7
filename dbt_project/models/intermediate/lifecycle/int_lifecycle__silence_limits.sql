with build_months as (
    select month from {{ ref('int_core__build_months') }}
),

-- who is back from being lost was so by the limit of the month before: the first month built needs its predecessor's
months as (
    select month from build_months
    union
    select {{ add_months('month', -1) }} as month from build_months
),

customers as (
    select customer_id, type from {{ ref('dim_customer') }}
),

order_days as (
    select customer_id, order_month, gap_days
    from {{ ref('int_customer__order_days') }}
    where gap_days is not null
),

watched as (
    select month, type, watched_days from {{ ref('int_lifecycle__watched_days') }}
),

gaps as (
    select
        customers.type,
        order_days.order_month,
        order_days.gap_days,
        count(*) as gaps_count
    from order_days
    inner join customers on order_days.customer_id = customers.customer_id
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

select
    seen.month,
    seen.type,
    cast(seen.gaps_count as bigint) as gaps_count,
    seen.seen_limit_days,
    case
        when seen.gaps_count >= {{ var('own_gaps_min') }} and {{ is_watched_enough('seen.seen_limit_days', 'watched.watched_days') }}
            then seen.seen_limit_days
    end as group_limit_days
from seen
left join watched on seen.month = watched.month and seen.type = watched.type
