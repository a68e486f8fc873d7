select warning, subject, cases, message_en, message_zh
from reporting.rpt_warnings
order by cases desc, warning, subject
