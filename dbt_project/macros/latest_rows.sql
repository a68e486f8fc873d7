{# The rows of one entity as known at known_at: newest version per key, deletions and second arrivals applied.

   snapshot  rows of the newest snapshot of their source (a key that is gone was deleted)
   delta     last version column wins, then last load_date, then row_hash
   append    first arrival wins
   Keys, columns and the usual load mode come from the contract (graph.sources); the mode in force for a source is that of
   its last load in control.loads. A source that sends a snapshot once and deltas after is covered: rows older than its
   newest snapshot count no more. with_deleted keeps the last row of deleted keys. #}
{% macro latest_rows(entity, with_deleted=false) %}
{%- set raw = source('raw', entity) -%}
{%- set loads = source('control', 'loads') -%}
{%- if execute -%}
{%- set contract = contract_of(entity) %}
with loads as (
    select
        source_system,
        max(case when load_mode = 'snapshot' then load_date end) as snapshot_date,
        {{ last_by('load_mode', 'load_date') }} as load_mode
    from {{ loads }}
    where entity = '{{ entity }}' and status = 'loaded'
    group by source_system
),

live as (
    select
        raw.*,
        coalesce(loads.load_mode, '{{ contract.load_mode }}') as load_mode
    from {{ raw }} as raw
    left join loads on raw.source_system = loads.source_system
    {%- if not with_deleted %}
    where loads.snapshot_date is null or raw.load_date >= loads.snapshot_date
    {%- endif %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by {{ contract.key_columns | join(', ') }}
            order by
                case when load_mode = 'append' then load_date end asc nulls last,
                {%- if contract.version %}
                {{ contract.version }} desc nulls last,
                {%- endif %}
                load_date desc,
                row_hash desc
        ) as version_rank
    from live
)

select
    {{ contract.columns | join(',\n    ') }}
from ranked
where version_rank = 1
{%- else -%}
select 1 as not_rendered_at_parse
{%- endif -%}
{% endmacro %}


{# Keys, version column, columns and load mode of an entity as the contract declares them. #}
{% macro contract_of(entity) %}
{%- set found = graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | selectattr('name', 'equalto', entity) | first -%}
{%- set columns = [] -%}
{%- set keys = [] -%}
{%- set versions = [] -%}
{%- for column in found.columns.values() -%}
    {%- do columns.append(adapter.quote(column.name)) -%}
    {%- if column.config.meta.key -%}{%- do keys.append(adapter.quote(column.name)) -%}{%- endif -%}
    {%- if column.config.meta.version -%}{%- do versions.append(adapter.quote(column.name)) -%}{%- endif -%}
{%- endfor -%}
{%- do return({
    'key_columns': keys,
    'version': versions | first,
    'columns': columns,
    'load_mode': found.config.meta.load_mode,
}) -%}
{% endmacro %}
