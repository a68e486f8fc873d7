with months as (
    select month, month_end_at from {{ ref('int_core__report_months') }}
),

customer_months as (
    select month, customer_id, source_system, type, store_id, region, grade, stage
    from {{ ref('fct_customer_month') }}
    -- of whom it is not known yet whether the silence is long, nothing is said
    where coalesce(stage, 'unknown') not in ('lost', 'closed') and is_active is not null
),

profit_months as (
    select customer_id, month, revenue, net_sales, sales_without_cost from {{ ref('int_customer__profit_months') }}
),

complaints as (
    select ticket_id, customer_id
    from {{ ref('fct_ticket') }}
    where kind = 'complaint' and severity = 'serious' and not is_deleted and not is_merged
),

open_periods as (
    select ticket_id, started_at, coalesce(ended_at, {{ end_of_time() }}) as ended_at
    from {{ ref('int_service__status_periods') }}
    where not is_resolved
),

answers as (
    select customer_id, survey_id, responded_at, score, scale_min, scale_max
    from {{ ref('csat') }}
    where score is not null
),

margins as (
    select
        months.month,
        profit_months.customer_id,
        sum(profit_months.revenue) as margin,
        sum(profit_months.net_sales) as net_sales,
        sum(profit_months.sales_without_cost) as sales_without_cost
    from profit_months
    inner join months on profit_months.month > {{ add_months('months.month', -12) }} and profit_months.month <= months.month
    group by months.month, profit_months.customer_id
),

-- as it stood then: solved and reopened later was not open, reopened and solved later was
complaining as (
    select distinct months.month, complaints.customer_id
    from complaints
    inner join open_periods on complaints.ticket_id = open_periods.ticket_id
    inner join months on open_periods.started_at < months.month_end_at and open_periods.ended_at >= months.month_end_at
),

ranked_answers as (
    select
        months.month,
        answers.customer_id,
        answers.score,
        answers.scale_min,
        answers.scale_max,
        row_number() over (
            partition by months.month, answers.customer_id order by answers.responded_at desc, answers.survey_id desc
        ) as place
    from answers
    inner join months on answers.responded_at < months.month_end_at
),

-- the lowest quarter of the scale: 1 and 2 of 5
dissatisfied as (
    select month, customer_id
    from ranked_answers
    where place = 1 and (score - scale_min) * 4 <= scale_max - scale_min
),

flagged as (
    select
        customer_months.month,
        customer_months.customer_id,
        customer_months.source_system,
        customer_months.type,
        customer_months.store_id,
        customer_months.region,
        customer_months.grade,
        coalesce(customer_months.stage = 'at_risk', false) as is_silent,
        complaining.customer_id is not null as has_open_complaint,
        dissatisfied.customer_id is not null as is_dissatisfied,
        case
            when margins.sales_without_cost is null or margins.net_sales <> margins.sales_without_cost or margins.net_sales = 0
                then coalesce(margins.margin, 0)
        end as margin
    from customer_months
    inner join months on customer_months.month = months.month
    left join margins on customer_months.customer_id = margins.customer_id and customer_months.month = margins.month
    left join complaining on customer_months.customer_id = complaining.customer_id and customer_months.month = complaining.month
    left join dissatisfied on customer_months.customer_id = dissatisfied.customer_id and customer_months.month = dissatisfied.month
)

select
    month,
    customer_id,
    source_system,
    type,
    store_id,
    region,
    grade,
    has_open_complaint,
    is_dissatisfied,
    is_silent,
    has_open_complaint or is_dissatisfied or is_silent as is_at_risk,
    case
        when has_open_complaint then 'open_complaint'
        when is_dissatisfied then 'dissatisfied'
        when is_silent then 'silent'
    end as reason,
    {{ measure('margin') }} as margin
from flagged
where margin > 0 or has_open_complaint or is_dissatisfied or is_silent
