with months as (
    select
        month,
        month_end_at
    from {{ ref('int_core__months') }}
),

agents as (
    select
        agent_id,
        hired_at,
        left_at
    from {{ ref('int_core__agents_ever') }}
),

agent_versions as (
    select
        agent_id,
        team,
        store_id,
        valid_from,
        valid_to
    from {{ ref('int_core__agent_versions') }}
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

courses as (
    select
        agent_id,
        trained_month,
        courses
    from {{ ref('int_service__courses') }}
),

employed as (
    select
        months.month,
        months.month_end_at,
        agents.agent_id
    from months
    inner join agents
        on
            (agents.hired_at is null or agents.hired_at < months.month_end_at)
            and (agents.left_at is null or agents.left_at >= months.month_end_at)
),

trained as (
    select
        employed.month,
        employed.agent_id,
        {{ int_sum('courses.courses') }} as courses
    from employed
    inner join courses
        on
            employed.agent_id = courses.agent_id
            and courses.trained_month <= employed.month
            and courses.trained_month > {{ add_months('employed.month', -var('training_months')) }}
    group by employed.month, employed.agent_id
)

select
    employed.month,
    employed.agent_id,
    agent_versions.team,
    agent_versions.store_id,
    store_versions.region,
    coalesce(trained.courses, 0) as courses,
    coalesce(trained.courses, 0) > 0 as is_trained
from employed
left join trained on employed.month = trained.month and employed.agent_id = trained.agent_id
left join agent_versions
    on
        employed.agent_id = agent_versions.agent_id
        and employed.month_end_at > agent_versions.valid_from
        and employed.month_end_at <= agent_versions.valid_to
left join store_versions
    on
        agent_versions.store_id = store_versions.store_id
        and employed.month_end_at > store_versions.valid_from
        and employed.month_end_at <= store_versions.valid_to
