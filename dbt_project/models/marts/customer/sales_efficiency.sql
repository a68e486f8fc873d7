with opportunities as (
    select opportunity_id, source_system, customer_id, agent_id, amount, created_at, closed_at, won
    from {{ ref('stg_crm__opportunities') }}
),

interactions as (
    select opportunity_id, started_at from {{ ref('stg_crm__interactions') }}
),

agents as (
    select agent_id, team, store_id from {{ ref('stg_crm__agents') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

-- won or lost after as_of is still open
known as (
    select
        opportunities.opportunity_id,
        opportunities.source_system,
        opportunities.customer_id,
        opportunities.agent_id,
        opportunities.amount,
        opportunities.created_at,
        case when opportunities.closed_at < run.as_of then opportunities.closed_at end as closed_at,
        case when opportunities.closed_at < run.as_of then opportunities.won end as is_won
    from opportunities
    cross join run
    where opportunities.created_at < run.as_of
),

contacts as (
    select
        interactions.opportunity_id,
        count(*) as interactions_count
    from interactions
    cross join run
    where interactions.opportunity_id is not null and interactions.started_at < run.as_of
    group by interactions.opportunity_id
)

select
    known.opportunity_id,
    known.source_system,
    known.customer_id,
    known.agent_id,
    agents.team,
    agents.store_id,
    store_versions.region,
    known.created_at,
    {{ local_month('known.created_at') }} as created_month,
    known.closed_at,
    {{ local_month('known.closed_at') }} as closed_month,
    known.is_won,
    {{ measure('known.amount') }} as amount,
    {{ measure(divide(seconds_between('known.created_at', 'known.closed_at'), 86400)) }} as days_to_close,
    coalesce(contacts.interactions_count, 0) as interactions_count
from known
left join contacts on known.opportunity_id = contacts.opportunity_id
left join agents on known.agent_id = agents.agent_id
left join store_versions
    on agents.store_id = store_versions.store_id
    and coalesce(known.closed_at, known.created_at) >= store_versions.valid_from
    and coalesce(known.closed_at, known.created_at) < store_versions.valid_to
