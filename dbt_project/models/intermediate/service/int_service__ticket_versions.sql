with loads as (
    select
        ticket_id,
        store_id,
        channel,
        category,
        priority,
        coalesce(updated_at, {{ to_utc('load_date') }}) as changed_at,
        load_date,
        row_hash,
        {{ hash_of(['store_id', 'channel', 'category', 'priority']) }} as content
    from {{ source('raw', 'tickets') }}
),

compared as (
    select
        ticket_id,
        store_id,
        channel,
        category,
        priority,
        changed_at,
        load_date,
        row_hash,
        content,
        lag(content) over (partition by ticket_id order by changed_at, load_date, row_hash) as content_before
    from loads
),

versions as (
    select
        ticket_id,
        store_id,
        channel,
        category,
        priority,
        case
            when content_before is null then cast('0001-01-01 00:00:00' as {{ timestamp_type() }}) else changed_at
        end as valid_from,
        row_number() over (partition by ticket_id order by changed_at, load_date, row_hash) as version_no
    from compared
    where content_before is null or content_before <> content
)

select
    ticket_id,
    version_no,
    store_id,
    channel,
    category,
    priority,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by ticket_id order by version_no),
        cast('9999-12-31 00:00:00' as {{ timestamp_type() }})
    ) as valid_to
from versions
