with tickets as (
    select
        ticket_id,
        source_system,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team,
        kind,
        need,
        created_at,
        created_month
    from {{ ref('fct_ticket') }}
    where need is not null and not is_deleted and not is_merged
),

interactions as (
    select
        interaction_id,
        source_system,
        customer_id,
        store_id,
        channel,
        need,
        started_at
    from {{ ref('int_service__interactions') }}
    where need is not null
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
)

select
    'ticket' as contact,
    ticket_id as contact_id,
    source_system,
    customer_id,
    store_id,
    region,
    channel,
    category,
    team,
    kind,
    need,
    created_at as contacted_at,
    created_month,
    cast(null as date) as started_month
from tickets
union all
select
    'interaction' as contact,
    interactions.interaction_id as contact_id,
    interactions.source_system,
    interactions.customer_id,
    interactions.store_id,
    store_versions.region,
    interactions.channel,
    cast(null as {{ text_type() }}) as category,
    cast(null as {{ text_type() }}) as team,
    cast(null as {{ text_type() }}) as kind,
    interactions.need,
    interactions.started_at as contacted_at,
    cast(null as date) as created_month,
    {{ local_month('interactions.started_at') }} as started_month
from interactions
left join store_versions
    on
        interactions.store_id = store_versions.store_id
        and interactions.started_at >= store_versions.valid_from
        and interactions.started_at < store_versions.valid_to
