select scope_type, scope_id, dimension, expectation, perception, gap, n
from reporting.rpt_servqual_monthly
where month = $month
order by list_position(['tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy'], dimension), dimension
