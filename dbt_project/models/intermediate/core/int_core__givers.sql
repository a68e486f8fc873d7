with senders as (
    select distinct entity, source_system
    from {{ source('control', 'loads') }}
    where status = 'loaded' and rows_loaded > 0
),

sources as (
    select distinct source_system from senders
),

entities as (
    select distinct entity from senders
)

select
    entities.entity,
    sources.source_system,
    senders.source_system as giver
from entities
cross join sources
inner join senders on entities.entity = senders.entity
left join senders as own on entities.entity = own.entity and sources.source_system = own.source_system
where own.source_system is null or own.source_system = senders.source_system
