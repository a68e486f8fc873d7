with opportunities as (
    select opportunity_id, source_system, customer_id, agent_id, team, store_id, amount, created_at, closed_at, is_won
    from {{ ref('int_customer__opportunities') }}
),

interactions as (
    select opportunity_id from {{ ref('int_service__interactions') }} where opportunity_id is not null
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

contacts as (
    select
        opportunity_id,
        count(*) as interactions_count
    from interactions
    group by opportunity_id
)

select
    opportunities.opportunity_id,
    opportunities.source_system,
    opportunities.customer_id,
    opportunities.agent_id,
    opportunities.team,
    opportunities.store_id,
    store_versions.region,
    opportunities.created_at,
    {{ local_month('opportunities.created_at') }} as created_month,
    opportunities.closed_at,
    {{ local_month('opportunities.closed_at') }} as closed_month,
    opportunities.is_won,
    {{ measure('opportunities.amount') }} as amount,
    {{ measure(divide(seconds_between('opportunities.created_at', 'opportunities.closed_at'), 86400)) }} as days_to_close,
    coalesce(contacts.interactions_count, 0) as interactions_count
from opportunities
left join contacts on opportunities.opportunity_id = contacts.opportunity_id
left join store_versions
    on opportunities.store_id = store_versions.store_id
    and coalesce(opportunities.closed_at, opportunities.created_at) >= store_versions.valid_from
    and coalesce(opportunities.closed_at, opportunities.created_at) < store_versions.valid_to
