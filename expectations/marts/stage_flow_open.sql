{#- One row per month and scope: whether ways in and out explain the active customers, and the month opens as the last closed. -#}
select
    'lifecycle.stage_flow ' || scope_type as subject,
    concat_ws('|', month, scope_type, scope_id) as key,
    opening + new_customers + reactivated + moved_in - lost - closed - moved_out <> closing
    or coalesce(
        opening <> lag(closing) over (partition by scope_type, scope_id order by month)
        and month = lag(month) over (partition by scope_type, scope_id order by month) + interval 1 month,
        false
    ) as is_broken
from kefu.lifecycle.stage_flow
