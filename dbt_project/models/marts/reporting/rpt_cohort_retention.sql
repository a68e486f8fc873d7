select
    cohort_month,
    month_number,
    month,
    is_complete,
    customers,
    buyers,
    retention_rate as rate
from {{ ref('cohort_retention') }}
