select warning, subject, cases, message_en, message_zh
from reporting.warnings
order by cases desc, warning, subject
