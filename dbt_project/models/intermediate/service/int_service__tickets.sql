{#- What a source says of a ticket, as it was last known. -#}
{%- set reported = [
    'customer_id', 'order_id', 'product_id', 'channel', 'kind', 'category', 'need', 'priority', 'severity',
    'cause', 'behaviour', 'manner', 'purpose', 'phase', 'fault', 'is_major', 'major_type', 'escalation_reason',
    'claim_amount', 'compensation_amount', 'nature', 'content', 'technique', 'handling', 'outcome',
] -%}
with run as (
    select as_of from {{ source('control', 'run') }}
),

tickets as (
    select
        ticket_id,
        source_system,
        store_id,
        merged_into,
        deleted_at,
        created_at,
        updated_at,
        {{ reported | join(', ') }}
    from {{ ref('stg_crm__tickets') }}
),

ticket_events as (
    select
        events.ticket_id,
        events.event,
        events.to_status,
        events.at as happened_at
    from {{ ref('stg_crm__ticket_events') }} as events
    where events.event in ('deleted', 'merged') or events.to_status is not null
),

store_versions as (
    select
        store_id,
        region,
        schedule_id,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

calendar as (
    {{ calendar_columns() }}
),

removals as (
    select
        ticket_events.ticket_id,
        min(case when ticket_events.event = 'deleted' then ticket_events.happened_at end) as deleted_at,
        min(case when ticket_events.event = 'merged' then ticket_events.happened_at end) as merged_at,
        max(case when ticket_events.to_status = 'closed' then ticket_events.happened_at end) as closed_at,
        max(case when ticket_events.to_status is not null then ticket_events.happened_at end) as changed_at
    from ticket_events
    cross join run
    where ticket_events.happened_at < run.as_of
    group by ticket_events.ticket_id
),

known as (
    select
        tickets.ticket_id,
        tickets.source_system,
        tickets.created_at,
        tickets.store_id,
        {%- for column in reported %}
        tickets.{{ column }},
        {%- endfor %}
        run.as_of,
        least(removals.deleted_at, case when tickets.deleted_at < run.as_of then tickets.deleted_at end) as deleted_at,
        -- a source that says into which ticket it merged but not when: merging closes a ticket, so when it was
        -- closed last, else at its last change, which may have come much later
        coalesce(
            removals.merged_at,
            case
                when tickets.merged_into is not null
                    then coalesce(
                        case when removals.closed_at = removals.changed_at then removals.closed_at end,
                        case
                            when coalesce(tickets.updated_at, tickets.created_at) < run.as_of
                                then coalesce(tickets.updated_at, tickets.created_at)
                        end
                    )
            end
        ) as merged_at
    from tickets
    cross join run
    left join removals on tickets.ticket_id = removals.ticket_id
    where tickets.created_at < run.as_of
),

with_store as (
    select
        known.ticket_id,
        known.source_system,
        known.created_at,
        known.store_id,
        {%- for column in reported %}
        known.{{ column }},
        {%- endfor %}
        store_versions.region,
        known.deleted_at,
        known.merged_at,
        {{ own_schedule('store_versions.schedule_id') }} as schedule_id,
        -- not before it was there
        case
            when known.deleted_at is not null or known.merged_at is not null
                then greatest(known.created_at, least(known.deleted_at, known.merged_at))
        end as removed_at,
        case
            when known.deleted_at is not null or known.merged_at is not null
                then greatest(known.created_at, least(known.deleted_at, known.merged_at))
            else known.as_of
        end as observed_until_at
    from known
    left join store_versions
        on
            known.store_id = store_versions.store_id
            and known.created_at >= store_versions.valid_from
            and known.created_at < store_versions.valid_to
)

select
    with_store.ticket_id,
    with_store.source_system,
    with_store.store_id,
    with_store.region,
    with_store.schedule_id,
    {%- for column in reported %}
    with_store.{{ column }},
    {%- endfor %}
    with_store.created_at,
    with_store.deleted_at,
    with_store.merged_at,
    with_store.removed_at,
    with_store.observed_until_at,
    {{ open_seconds('created_days', 'with_store.created_at') }} as created_open_seconds,
    {{ open_seconds('until_days', 'with_store.observed_until_at') }} as observed_until_open_seconds
from with_store
left join calendar as created_days
    on {{ on_calendar_day('created_days', 'with_store.schedule_id', 'with_store.created_at') }}
left join calendar as until_days
    on {{ on_calendar_day('until_days', 'with_store.schedule_id', 'with_store.observed_until_at') }}
