with loads as (
    select entity, source_system, event_from, event_to
    from {{ source('control', 'loads') }}
    where status = 'loaded' and event_from is not null
),

spans as (
    select
        entity,
        source_system,
        {{ local_month('min(event_from)') }} as first_month,
        {{ local_month('max(event_to)') }} as last_month
    from loads
    group by entity, source_system
)

-- a source that begins where another one ends has taken over from it, and goes on with its history
select
    spans.entity,
    spans.source_system,
    least(spans.first_month, coalesce(min(ended.first_month), spans.first_month)) as from_month
from spans
left join spans as ended
    on
        spans.entity = ended.entity
        and spans.source_system <> ended.source_system
        and spans.last_month > ended.last_month
        and ended.last_month >= {{ add_months('spans.first_month', -1) }}
        and spans.first_month >= ended.last_month
group by spans.entity, spans.source_system, spans.first_month
