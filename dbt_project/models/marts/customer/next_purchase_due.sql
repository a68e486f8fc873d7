with months as (
    select month, month_end_date from {{ ref('int_core__report_months') }}
),

order_days as (
    select customer_id, order_date, gap_days from {{ ref('int_customer__order_days') }}
),

customer_months as (
    select month, customer_id, source_system, type, store_id, region, grade, stage, is_active, last_order_date
    from {{ ref('fct_customer_month') }}
    where last_order_date is not null
),

gaps as (
    select
        months.month,
        months.month_end_date,
        order_days.customer_id,
        count(order_days.gap_days) as gaps_count,
        {{ median('order_days.gap_days') }} as median_gap_days
    from months
    inner join order_days on months.month_end_date >= order_days.order_date
    group by months.month, months.month_end_date, order_days.customer_id
    having count(order_days.gap_days) >= {{ var('due_gaps_min') }}
),

-- half a day of an even number of gaps rounds up
due as (
    select
        gaps.month,
        gaps.month_end_date,
        gaps.customer_id,
        gaps.gaps_count,
        gaps.median_gap_days,
        customer_months.source_system,
        customer_months.type,
        customer_months.store_id,
        customer_months.region,
        customer_months.grade,
        customer_months.stage,
        customer_months.is_active,
        customer_months.last_order_date,
        {{ add_days('customer_months.last_order_date', 'ceil(gaps.median_gap_days)') }} as due_date
    from gaps
    inner join customer_months on gaps.customer_id = customer_months.customer_id and gaps.month = customer_months.month
    -- in a history too short for a limit of silence, who has enough gaps is quicker than usual, and so are the gaps
    where customer_months.is_active is not null
)

select
    month,
    customer_id,
    source_system,
    type,
    store_id,
    region,
    grade,
    stage,
    is_active,
    gaps_count,
    {{ measure('median_gap_days') }} as median_gap_days,
    last_order_date,
    due_date,
    due_date < month_end_date as is_overdue,
    greatest({{ days_between('due_date', 'month_end_date') }}, 0) as days_overdue
from due
