{#- The raw tables are asked, not the newest versions: of files that hold nothing so old no row is read. -#}
with first_month as (
    select
        min(month) as month,
        min(month_start_at) as month_start_at
    from {{ ref('int_core__months') }}
),

old_rows as (
    {%- set times = {} -%}
    {%- if execute -%}
    {%- for table in graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | sort(attribute='name') -%}
    {%- if table.config.meta.event_time and "'" ~ table.name ~ "'" not in reaching_back() -%}
    {%- do times.update({table.name: table.columns[table.config.meta.event_time]}) -%}
    {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
    {%- for entity, time in times.items() %}
    {%- set is_date = time.data_type == 'date' -%}
    {%- set moment = adapter.quote(time.name) %}
    select
        '{{ entity }}' as entity,
        {{ month_of(moment) if is_date else local_month(moment) }} as month,
        {{ hash_of(contract_of(entity).key_columns) }} as row_key
    from {{ source('raw', entity) }}
    where {{ moment }} < (select first_month.{{ 'month' if is_date else 'month_start_at' }} from first_month)
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as {{ text_type() }}) as entity,
        cast(null as date) as month,
        cast(null as {{ text_type() }}) as row_key
    from first_month
    where 1 = 0
    {%- endfor %}
)

select
    entity,
    min(month) as from_month,
    max(month) as to_month,
    count(distinct row_key) as rows_count
from old_rows
group by entity
