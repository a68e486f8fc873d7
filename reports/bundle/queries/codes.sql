select dimension, code, place, label_en, label_zh
from reporting.rpt_codes
order by dimension, place, code
