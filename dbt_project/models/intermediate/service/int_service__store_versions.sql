with loads as (
    select
        store_id,
        region,
        schedule_id,
        load_date,
        {{ hash_of(['region', 'schedule_id']) }} as content
    from {{ source('raw', 'stores') }}
),

compared as (
    select
        store_id,
        region,
        schedule_id,
        load_date,
        content,
        lag(content) over (partition by store_id order by load_date) as content_before
    from loads
),

versions as (
    select
        store_id,
        region,
        schedule_id,
        content_before,
        {{ to_utc('load_date') }} as loaded_at
    from compared
    where content_before is null or content_before <> content
)

select
    store_id,
    region,
    schedule_id,
    -- before the first version known, the first
    case when content_before is null then cast('0001-01-01 00:00:00' as {{ timestamp_type() }}) else loaded_at end as valid_from,
    coalesce(
        lead(loaded_at) over (partition by store_id order by loaded_at),
        cast('9999-12-31 00:00:00' as {{ timestamp_type() }})
    ) as valid_to
from versions
