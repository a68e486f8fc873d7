with follow_ups as (
    select
        interaction_id,
        source_system,
        customer_id,
        agent_id,
        store_id,
        channel,
        purpose,
        follow_up_due_at as due_at,
        is_follow_up_due as is_due,
        follow_up_done_at as done_at
    from {{ ref('int_service__interactions') }}
    where follow_up_due_at is not null
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
)

select
    follow_ups.interaction_id,
    follow_ups.source_system,
    follow_ups.customer_id,
    follow_ups.agent_id,
    follow_ups.store_id,
    store_versions.region,
    follow_ups.channel,
    follow_ups.purpose,
    follow_ups.due_at,
    {{ local_month('follow_ups.due_at') }} as due_month,
    follow_ups.done_at,
    case when follow_ups.is_due then coalesce(follow_ups.done_at <= follow_ups.due_at, false) end as is_on_time
from follow_ups
left join store_versions
    on
        follow_ups.store_id = store_versions.store_id
        and follow_ups.due_at >= store_versions.valid_from
        and follow_ups.due_at < store_versions.valid_to
