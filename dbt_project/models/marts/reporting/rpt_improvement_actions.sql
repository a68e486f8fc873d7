select
    month,
    action_id,
    metric_id,
    scope_type,
    scope_id,
    gap,
    cause,
    state,
    {{ local_date('due_at') }} as due_date,
    case when is_overdue then 'overdue' when is_due_this_month then 'due_this_month' else 'in_time' end as timing
from {{ ref('improvement_loop') }}
where state in ('collected', 'analysed', 'planned')
