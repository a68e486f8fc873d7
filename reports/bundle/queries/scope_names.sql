select scope_type, scope_id, name
from reporting.scope_names
order by scope_type, scope_id
