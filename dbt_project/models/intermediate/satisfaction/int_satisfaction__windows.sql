with months as (
    select month, month_end_at, is_complete
    from {{ ref('int_core__months') }}
),

latest as (
    select
        max(month) as month,
        max(case when is_complete then month end) as complete_month
    from months
),

report_months as (
    select
        months.month,
        months.month_end_at,
        months.month in (latest.month, latest.complete_month) as is_current
    from months
    cross join latest
    where months.month in (
        latest.month,
        {{ add_months('latest.month', -12) }},
        latest.complete_month,
        {{ add_months('latest.complete_month', -1) }},
        {{ add_months('latest.complete_month', -12) }}
    )
)

select
    report_months.month,
    report_months.month_end_at,
    report_months.is_current,
    months.month as window_month
from report_months
inner join months
    on
        months.month <= report_months.month
        and months.month > {{ add_months('report_months.month', 0 - var('window_months')) }}
