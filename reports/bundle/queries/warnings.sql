select warning, subject, cases, message, first_month, last_month, months_kept
from reporting.rpt_warnings
order by cases desc, warning, subject
