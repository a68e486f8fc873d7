with months as (
    select month, month_end_at, month_end_date, is_complete from {{ ref('int_core__months') }}
),

latest as (
    select
        max(month) as month,
        max(case when is_complete then month end) as complete_month
    from months
)

select
    months.month,
    months.month_end_at,
    months.month_end_date,
    months.month = latest.month as is_latest
from months
cross join latest
where months.month in (latest.month, latest.complete_month)
