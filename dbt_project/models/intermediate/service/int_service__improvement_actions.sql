{{ config(materialized='view') }}
with actions as (
    select
        action_id,
        source_system,
        metric_id,
        scope_type,
        scope_id,
        gap,
        cause,
        collected_at,
        analysed_at,
        planned_at,
        implemented_at,
        verified_at,
        due_at
    from {{ ref('stg_crm__improvement_actions') }}
)

select
    action_id,
    metric_id,
    scope_type,
    -- a store is named as its source names it
    case
        when scope_type = 'store' and scope_id not like '%:%' then concat(source_system, ':', scope_id)
        else scope_id
    end as scope_id,
    gap,
    cause,
    collected_at,
    analysed_at,
    planned_at,
    implemented_at,
    verified_at,
    due_at
from actions
