{{ config(materialized='view') }}
with opportunities as (
    select opportunity_id, source_system, customer_id, agent_id, amount, created_at, closed_at, won
    from {{ ref('stg_crm__opportunities') }}
),

agents as (
    select agent_id, team, store_id from {{ ref('stg_crm__agents') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

-- won or lost after as_of is still open
select
    opportunities.opportunity_id,
    opportunities.source_system,
    opportunities.customer_id,
    opportunities.agent_id,
    agents.team,
    agents.store_id,
    opportunities.amount,
    opportunities.created_at,
    case when opportunities.closed_at < run.as_of then opportunities.closed_at end as closed_at,
    case when opportunities.closed_at < run.as_of then opportunities.won end as is_won
from opportunities
inner join run on opportunities.created_at < run.as_of
left join agents on opportunities.agent_id = agents.agent_id
