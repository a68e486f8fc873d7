select dimension, code, place, label_en, label_zh
from reporting.codes
order by dimension, place, code
