with named as (
    select distinct
        standard_id as sent_id,
        source_system
    from {{ ref('service_standards') }}
),

sources as (
    select distinct source_system
    from {{ source('control', 'loads') }}
    where status = 'loaded'
),

-- a source's own standard goes before the one for all
meant as (
    select
        sources.source_system,
        named.sent_id,
        max(named.source_system) as owner
    from sources
    inner join named on named.source_system is null or sources.source_system = named.source_system
    group by sources.source_system, named.sent_id
)

select
    source_system,
    sent_id,
    case when owner is null then sent_id else {{ name_of_source('owner', 'sent_id') }} end as standard_id
from meant
