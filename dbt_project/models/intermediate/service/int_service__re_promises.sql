{%- set sources = {'orders': 'order_id', 'service_orders': 'service_order_id'} -%}
with run as (
    select as_of from {{ source('control', 'run') }}
),
{%- for entity, key in sources.items() %}

{{ entity }} as (
    select {{ key }}, promised_at, updated_at, load_date, row_hash
    from {{ source('raw', entity) }}
    where promised_at is not null
),
{%- endfor %}

-- what each load told; a source without a time of change told it on the day it was loaded
told as (
    {%- for entity, key in sources.items() %}
    select
        '{{ entity }}' as promise_source,
        {{ key }} as case_id,
        promised_at,
        coalesce(updated_at, {{ to_utc('load_date') }}) as told_at,
        load_date,
        row_hash
    from {{ entity }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

told_by_then as (
    select
        told.promise_source,
        told.case_id,
        told.promised_at,
        told.told_at,
        told.load_date,
        told.row_hash
    from told
    inner join run on told.told_at < run.as_of
),

moved as (
    select promise_source, case_id
    from told_by_then
    group by promise_source, case_id
    having min(promised_at) < max(promised_at)
),

ordered as (
    select
        told_by_then.promise_source,
        told_by_then.case_id,
        told_by_then.promised_at,
        row_number() over (
            partition by told_by_then.promise_source, told_by_then.case_id
            order by told_by_then.told_at, told_by_then.load_date, told_by_then.row_hash
        ) as promise_no,
        lag(told_by_then.promised_at) over (
            partition by told_by_then.promise_source, told_by_then.case_id
            order by told_by_then.told_at, told_by_then.load_date, told_by_then.row_hash
        ) as promised_before_at
    from told_by_then
    inner join moved on told_by_then.promise_source = moved.promise_source and told_by_then.case_id = moved.case_id
)

select
    promise_source,
    case_id,
    min(case when promise_no = 1 then promised_at end) as first_promised_at,
    {{ int_sum('case when promised_at <> promised_before_at then 1 else 0 end') }} as re_promises
from ordered
group by promise_source, case_id
