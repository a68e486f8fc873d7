{#- Unknown attributes are '' here, so that null can mean "not changed by this row". -#}
{%- set text = text_type() -%}
with tickets as (
    select
        ticket_id,
        created_at,
        removed_at,
        observed_until_at
    from {{ ref('int_service__tickets') }}
),

periods as (
    select
        ticket_id,
        started_at,
        is_resolved
    from {{ ref('int_service__status_periods') }}
),

ticket_versions as (
    select
        ticket_id,
        store_id,
        channel,
        category,
        valid_from,
        valid_to
    from {{ ref('int_service__ticket_versions') }}
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

ticket_events as (
    select
        ticket_id,
        event_no,
        happened_at,
        agent_id
    from {{ ref('int_service__ticket_events') }}
    where agent_id is not null
),

agents as (
    select
        agent_id,
        team
    from {{ ref('stg_crm__agents') }}
),

changes as (
    select
        periods.ticket_id,
        periods.started_at as changed_at,
        cast(0 as bigint) as change_no,
        not periods.is_resolved as is_open,
        cast(null as boolean) as is_removed,
        cast(null as {{ text }}) as store_id,
        cast(null as {{ text }}) as channel,
        cast(null as {{ text }}) as category,
        cast(null as {{ text }}) as team
    from periods
    union all
    select
        tickets.ticket_id,
        tickets.removed_at as changed_at,
        cast(1000000000 as bigint) as change_no,
        false as is_open,
        true as is_removed,
        cast(null as {{ text }}) as store_id,
        cast(null as {{ text }}) as channel,
        cast(null as {{ text }}) as category,
        cast(null as {{ text }}) as team
    from tickets
    where tickets.removed_at is not null
    union all
    select
        tickets.ticket_id,
        greatest(ticket_versions.valid_from, tickets.created_at) as changed_at,
        cast(0 as bigint) as change_no,
        cast(null as boolean) as is_open,
        cast(null as boolean) as is_removed,
        coalesce(ticket_versions.store_id, '') as store_id,
        coalesce(ticket_versions.channel, '') as channel,
        coalesce(ticket_versions.category, '') as category,
        cast(null as {{ text }}) as team
    from tickets
    inner join ticket_versions on tickets.ticket_id = ticket_versions.ticket_id
    where ticket_versions.valid_from < tickets.observed_until_at and ticket_versions.valid_to > tickets.created_at
    union all
    select
        ticket_events.ticket_id,
        ticket_events.happened_at as changed_at,
        cast(ticket_events.event_no as bigint) as change_no,
        cast(null as boolean) as is_open,
        cast(null as boolean) as is_removed,
        cast(null as {{ text }}) as store_id,
        cast(null as {{ text }}) as channel,
        cast(null as {{ text }}) as category,
        coalesce(agents.team, '') as team
    from ticket_events
    left join agents on ticket_events.agent_id = agents.agent_id
),

carried as (
    select
        ticket_id,
        changed_at,
        {{ last_known('is_open') }} over changes_so_far as is_open,
        {{ last_known('is_removed') }} over changes_so_far as is_removed,
        {{ last_known('store_id') }} over changes_so_far as store_id,
        {{ last_known('channel') }} over changes_so_far as channel,
        {{ last_known('category') }} over changes_so_far as category,
        {{ last_known('team') }} over changes_so_far as team,
        lead(changed_at) over (partition by ticket_id order by changed_at, change_no) as next_changed_at
    from changes
    window
        changes_so_far as (
            partition by ticket_id order by changed_at, change_no
            rows between unbounded preceding and current row
        )
),

-- of several changes in one moment the last leaves the state
states as (
    select
        carried.ticket_id,
        carried.changed_at,
        coalesce(carried.is_open, false) as is_open,
        coalesce(carried.is_removed, false) as is_removed,
        coalesce(store_versions.region, '') as region,
        coalesce(carried.store_id, '') as store_id,
        coalesce(carried.channel, '') as channel,
        coalesce(carried.category, '') as category,
        coalesce(carried.team, '') as team
    from carried
    left join store_versions
        on
            carried.store_id = store_versions.store_id
            and carried.changed_at >= store_versions.valid_from
            and carried.changed_at < store_versions.valid_to
    where carried.next_changed_at is null or carried.next_changed_at > carried.changed_at
),

compared as (
    select
        ticket_id,
        changed_at,
        is_open,
        is_removed,
        {%- for attribute in backlog_attributes() %}
        {{ attribute }},
        lag({{ attribute }}) over (partition by ticket_id order by changed_at) as {{ attribute }}_before,
        {%- endfor %}
        lag(is_open) over (partition by ticket_id order by changed_at) as was_open
    from states
),

changed as (
    select
        ticket_id,
        changed_at,
        is_open,
        is_removed,
        {%- for attribute in backlog_attributes() %}
        {{ attribute }},
        {{ attribute }}_before,
        {%- endfor %}
        coalesce(was_open, false) as was_open
    from compared
    where
        is_open <> coalesce(was_open, not is_open)
        {%- for attribute in backlog_attributes() %}
        or {{ attribute }} <> {{ attribute }}_before
        {%- endfor %}
)

select
    changed.ticket_id,
    tickets.created_at,
    changed.changed_at as started_at,
    lead(changed.changed_at) over (partition by changed.ticket_id order by changed.changed_at) as ended_at,
    changed.is_open,
    changed.was_open,
    changed.is_removed,
    {%- for attribute in backlog_attributes() %}
    changed.{{ attribute }},
    changed.{{ attribute }}_before,
    {%- endfor %}
    coalesce(max(case when changed.is_open then 1 end) over (
        partition by changed.ticket_id order by changed.changed_at
        rows between unbounded preceding and 1 preceding
    ) = 1, false) as was_ever_open
from changed
inner join tickets on changed.ticket_id = tickets.ticket_id
