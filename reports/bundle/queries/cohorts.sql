select 'company' as scope_type, 'company' as scope_id, cohort_month, month_number, customers, rate
from reporting.rpt_cohort_retention
where cohort_month between $first and $month and month <= $month and is_complete
order by cohort_month, month_number
