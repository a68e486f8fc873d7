{#- A load shows its rows as they were on its day, or since their last change where that is reported and came earlier. -#}
{%- set loaded_at = to_utc('load_date') -%}
with loaded as (
    select
        ticket_id,
        status,
        load_date,
        row_hash,
        {{ loaded_at }} as loaded_at,
        {{ to_utc(add_days('load_date', 1)) }} as load_ends_at,
        coalesce(updated_at, {{ loaded_at }}) as changed_at
    from {{ source('raw', 'tickets') }}
    where status is not null
),

last_of_load as (
    select
        ticket_id,
        status,
        load_date,
        loaded_at,
        load_ends_at,
        changed_at,
        row_number() over (partition by ticket_id, load_date order by changed_at desc, row_hash desc) as place
    from loaded
),

compared as (
    select
        ticket_id,
        status,
        load_date,
        loaded_at,
        load_ends_at,
        changed_at,
        max(changed_at) over (
            partition by ticket_id order by load_date
            rows between unbounded preceding and 1 preceding
        ) as changed_before_at
    from last_of_load
    where place = 1
),

-- a load that brings an older version of the row tells nothing new
newer as (
    select
        ticket_id,
        status,
        load_date,
        changed_at,
        greatest(loaded_at, changed_at) as shown_at,
        greatest(load_ends_at, changed_at) as true_until_at,
        lag(status) over (partition by ticket_id order by load_date) as status_before
    from compared
    where changed_before_at is null or changed_at >= changed_before_at
)

select
    ticket_id,
    row_number() over (partition by ticket_id order by load_date) as shown_no,
    status,
    {{ is_done('status') }} as is_resolved,
    shown_at,
    changed_at as true_from_at,
    true_until_at
from newer
where status_before is null or status_before <> status
