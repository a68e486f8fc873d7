with policies as (
    select
        policy_id,
        source_system,
        metric,
        priority,
        valid_from,
        valid_to
    from {{ ref('stg_crm__sla_policies') }}
),

targets as (
    select
        policy_id,
        clock,
        target_minutes,
        valid_from,
        valid_to
    from {{ ref('int_service__policy_targets') }}
)

select
    policies.policy_id,
    policies.source_system,
    policies.metric,
    policies.priority,
    targets.clock,
    targets.target_minutes,
    greatest({{ to_utc('policies.valid_from') }}, targets.valid_from) as applies_from,
    least({{ to_utc(add_days('policies.valid_to', 1)) }}, targets.valid_to) as applies_to
from policies
inner join targets on policies.policy_id = targets.policy_id
