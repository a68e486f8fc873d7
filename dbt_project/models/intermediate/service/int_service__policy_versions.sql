with policies as (
    select
        policy_id,
        metric,
        priority,
        valid_from,
        valid_to
    from {{ ref('stg_crm__sla_policies') }}
),

loads as (
    select
        policy_id,
        clock,
        target_minutes,
        load_date,
        {{ hash_of(['clock', 'target_minutes']) }} as content
    from {{ source('raw', 'sla_policies') }}
),

compared as (
    select
        policy_id,
        clock,
        target_minutes,
        load_date,
        content,
        lag(content) over (partition by policy_id order by load_date) as content_before
    from loads
),

targets as (
    select
        policy_id,
        clock,
        target_minutes,
        load_date,
        case when content_before is not null then {{ to_utc('load_date') }} end as known_from
    from compared
    where content_before is null or content_before <> content
),

followed as (
    select
        policy_id,
        clock,
        target_minutes,
        known_from,
        lead(known_from) over (partition by policy_id order by load_date) as known_to
    from targets
)

select
    policies.policy_id,
    policies.metric,
    policies.priority,
    followed.clock,
    followed.target_minutes,
    coalesce(
        greatest({{ to_utc('policies.valid_from') }}, followed.known_from),
        cast('0001-01-01 00:00:00' as {{ timestamp_type() }})
    ) as applies_from,
    coalesce(
        least({{ to_utc(add_days('policies.valid_to', 1)) }}, followed.known_to),
        cast('9999-12-31 00:00:00' as {{ timestamp_type() }})
    ) as applies_to
from policies
inner join followed on policies.policy_id = followed.policy_id
