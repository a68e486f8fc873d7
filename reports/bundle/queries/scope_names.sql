select scope_type, scope_id, name
from reporting.rpt_scope_names
order by scope_type, scope_id
