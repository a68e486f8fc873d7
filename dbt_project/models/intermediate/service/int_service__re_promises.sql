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
reported as (
    {%- for entity, key in sources.items() %}
    select
        '{{ entity }}' as promise_source,
        {{ key }} as case_id,
        promised_at,
        coalesce(updated_at, {{ to_utc('load_date') }}) as stated_at,
        load_date,
        row_hash
    from {{ entity }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

stated_by_then as (
    select
        reported.promise_source,
        reported.case_id,
        reported.promised_at,
        reported.stated_at,
        reported.load_date,
        reported.row_hash
    from reported
    inner join run on reported.stated_at < run.as_of
),

moved as (
    select promise_source, case_id
    from stated_by_then
    group by promise_source, case_id
    having min(promised_at) < max(promised_at)
),

ordered as (
    select
        stated_by_then.promise_source,
        stated_by_then.case_id,
        stated_by_then.promised_at,
        row_number() over (
            partition by stated_by_then.promise_source, stated_by_then.case_id
            order by stated_by_then.stated_at, stated_by_then.load_date, stated_by_then.row_hash
        ) as promise_no,
        lag(stated_by_then.promised_at) over (
            partition by stated_by_then.promise_source, stated_by_then.case_id
            order by stated_by_then.stated_at, stated_by_then.load_date, stated_by_then.row_hash
        ) as promised_before_at
    from stated_by_then
    inner join moved on stated_by_then.promise_source = moved.promise_source and stated_by_then.case_id = moved.case_id
)

select
    promise_source,
    case_id,
    min(case when promise_no = 1 then promised_at end) as first_promised_at,
    {{ int_sum('case when promised_at <> promised_before_at then 1 else 0 end') }} as re_promises
from ordered
group by promise_source, case_id
