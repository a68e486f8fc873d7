-- opening + new_customers + reactivated + moved in - lost - closed - moved out = closing, per month and scope, or the build fails.
select month, scope_type, scope_id, opening, closing
from {{ ref('stage_flow') }}
where opening + new_customers + reactivated + moved_in - lost - closed - moved_out <> closing
