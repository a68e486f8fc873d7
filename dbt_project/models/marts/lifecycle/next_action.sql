with customer_months as (
    select month, customer_id, source_system, store_id, region, stage, grade, days_since_last, at_risk_limit_days
    from {{ ref('fct_customer_month') }}
),

actions as (
    select stage, grade, action, name, reason from {{ ref('next_actions') }}
),

cuts as (
    select grade, up_to_share, valid_from, valid_to from {{ ref('grade_cuts') }}
),

months as (
    select month, month_end_date, is_complete from {{ ref('int_core__months') }}
),

supplied as (
    {{ supplied_columns(['orders.customer_id']) | indent }}
),

last_months as (
    select max(month) as month from months
    union
    select max(month) as month from months where is_complete
),

-- who has no grade now keeps the last one held
graded as (
    select
        month,
        customer_id,
        source_system,
        store_id,
        region,
        stage,
        {{ last_known('grade') }} over (
            partition by customer_id order by month rows between unbounded preceding and current row
        ) as last_grade,
        days_since_last,
        at_risk_limit_days
    from customer_months
),

-- who never had a grade counts as the lowest, unless no source tells who buys
lowest as (
    select
        months.month,
        max({{ if_supplied('orders.customer_id', 'cuts.grade') }}) as grade
    from months
    inner join cuts on {{ in_force('cuts', 'months.month_end_date') }}
    cross join supplied
    group by months.month
),

placed as (
    select
        graded.month,
        graded.customer_id,
        graded.source_system,
        graded.store_id,
        graded.region,
        graded.stage,
        case when graded.stage = 'prospect' then '*' else coalesce(graded.last_grade, lowest.grade) end as grade,
        graded.last_grade is not null as is_grade_known,
        graded.days_since_last,
        graded.at_risk_limit_days
    from graded
    inner join last_months on graded.month = last_months.month
    inner join lowest on graded.month = lowest.month
    where graded.stage is not null
)

select
    placed.month,
    placed.customer_id,
    placed.source_system,
    placed.store_id,
    placed.region,
    placed.stage,
    placed.grade,
    placed.is_grade_known,
    actions.action,
    actions.name,
    replace(
        replace(actions.reason, '{days}', coalesce(cast(placed.days_since_last as {{ text_type() }}), '?')),
        '{limit}', coalesce(cast(cast(round(placed.at_risk_limit_days, 0) as bigint) as {{ text_type() }}), '?')
    ) as reason
from placed
left join actions on placed.stage = actions.stage and placed.grade = actions.grade
where placed.grade is not null
