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
        period_no,
        started_at,
        is_resolved,
        resolves,
        reopens
    from {{ ref('int_service__status_periods') }}
    where is_resolved <> was_resolved or period_no = 1
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

-- each time it was opened, solved, reopened or removed, however soon after the last
turns as (
    select
        ticket_id,
        started_at as changed_at,
        period_no as turn_no,
        not is_resolved as is_open,
        false as is_removed,
        resolves,
        reopens
    from periods
    union all
    select
        ticket_id,
        removed_at as changed_at,
        cast(1000000000 as bigint) as turn_no,
        false as is_open,
        true as is_removed,
        false as resolves,
        false as reopens
    from tickets
    where removed_at is not null
),

belongings as (
    select
        tickets.ticket_id,
        greatest(ticket_versions.valid_from, tickets.created_at) as changed_at,
        cast(0 as bigint) as change_no,
        coalesce(ticket_versions.store_id, '') as store_id,
        coalesce(ticket_versions.channel, '') as channel,
        coalesce(ticket_versions.category, '') as category,
        cast(null as {{ text }}) as team
    from tickets
    inner join ticket_versions on tickets.ticket_id = ticket_versions.ticket_id
    where
        ticket_versions.valid_to > tickets.created_at
        and (ticket_versions.valid_from < tickets.observed_until_at or ticket_versions.valid_from <= tickets.created_at)
    union all
    select
        ticket_events.ticket_id,
        ticket_events.happened_at as changed_at,
        cast(ticket_events.event_no as bigint) as change_no,
        cast(null as {{ text }}) as store_id,
        cast(null as {{ text }}) as channel,
        cast(null as {{ text }}) as category,
        coalesce(agents.team, '') as team
    from ticket_events
    left join agents on ticket_events.agent_id = agents.agent_id
    union all
    select distinct
        turns.ticket_id,
        turns.changed_at,
        cast(0 as bigint) as change_no,
        cast(null as {{ text }}) as store_id,
        cast(null as {{ text }}) as channel,
        cast(null as {{ text }}) as category,
        cast(null as {{ text }}) as team
    from turns
),

carried as (
    select
        ticket_id,
        changed_at,
        {{ last_known('store_id') }} over changes_so_far as store_id,
        {{ last_known('channel') }} over changes_so_far as channel,
        {{ last_known('category') }} over changes_so_far as category,
        {{ last_known('team') }} over changes_so_far as team,
        lead(changed_at) over (partition by ticket_id order by changed_at, change_no) as next_changed_at
    from belongings
    window
        changes_so_far as (
            partition by ticket_id order by changed_at, change_no
            rows between unbounded preceding and current row
        )
),

-- of several changes of where it belongs in one moment the last holds
moments as (
    select
        carried.ticket_id,
        carried.changed_at,
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

states as (
    select
        moments.ticket_id,
        moments.changed_at,
        coalesce(turns.turn_no, 0) as turn_no,
        coalesce({{ last_known('turns.is_open') }} over turns_so_far, false) as is_open,
        coalesce(turns.is_removed, false) as is_removed,
        coalesce(turns.resolves, false) as resolves,
        coalesce(turns.reopens, false) as reopens,
        {%- for attribute in backlog_attributes() %}
        moments.{{ attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from moments
    left join turns on moments.ticket_id = turns.ticket_id and moments.changed_at = turns.changed_at
    window
        turns_so_far as (
            partition by moments.ticket_id order by moments.changed_at, turns.turn_no
            rows between unbounded preceding and current row
        )
),

compared as (
    select
        ticket_id,
        changed_at,
        turn_no,
        is_open,
        is_removed,
        resolves,
        reopens,
        {%- for attribute in backlog_attributes() %}
        {{ attribute }},
        lag({{ attribute }}) over (partition by ticket_id order by changed_at, turn_no) as {{ attribute }}_before,
        {%- endfor %}
        lag(is_open) over (partition by ticket_id order by changed_at, turn_no) as was_open
    from states
),

changed as (
    select
        ticket_id,
        changed_at,
        row_number() over (partition by ticket_id order by changed_at, turn_no) as state_no,
        is_open,
        is_removed,
        resolves,
        reopens,
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
    changed.state_no,
    tickets.created_at,
    changed.changed_at as started_at,
    lead(changed.changed_at) over (partition by changed.ticket_id order by changed.state_no) as ended_at,
    changed.is_open,
    changed.was_open,
    changed.is_removed,
    changed.resolves,
    changed.reopens,
    {%- for attribute in backlog_attributes() %}
    changed.{{ attribute }},
    changed.{{ attribute }}_before{{ ',' if not loop.last }}
    {%- endfor %}
from changed
inner join tickets on changed.ticket_id = tickets.ticket_id
