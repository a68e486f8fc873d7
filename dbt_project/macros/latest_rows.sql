{# The rows of one entity as known at known_at: the newest version of each key of each source, deletions applied.

   Whatever the load mode, a later arrival with another content is a new version: the last version column wins (a row
   without one is as of its load), then the last load_date, then row_hash. The mode says what a missing key means:
   snapshot  it was deleted: only rows of the newest snapshot of their source count
   delta     nothing: only what changed is sent
   append    nothing: only what is new is sent
   Keys and columns come from the contract (graph.sources). A source that sends a snapshot once and deltas after is
   covered: rows older than its newest snapshot count no more. with_deleted keeps the last row of deleted keys. lost: a
   model with keys and load days whose rows do not count. #}
{% macro latest_rows(entity, with_deleted=false, lost=none) %}
{%- set raw = source('raw', entity) -%}
{%- set loads = source('control', 'loads') -%}
{%- if execute -%}
{%- set contract = contract_of(entity) %}
with loads as (
    select
        source_system,
        max(case when load_mode = 'snapshot' then load_date end) as snapshot_date
    from {{ loads }}
    where entity = '{{ entity }}' and status = 'loaded'
    group by source_system
),

live as (
    select raw.*
    from {{ raw }} as raw
    left join loads on raw.source_system = loads.source_system
    {%- if lost %}
    left join {{ lost.model }} as lost on raw.load_date = lost.load_date and raw.{{ lost.key }} = lost.{{ lost.key }}
    {%- endif %}
    where
        true
        {%- if not with_deleted %}
        and (loads.snapshot_date is null or raw.load_date >= loads.snapshot_date)
        {%- endif %}
        {%- if lost %}
        and lost.{{ lost.key }} is null
        {%- endif %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, {{ contract.key_columns | join(', ') }}
            order by
                {%- if contract.version %}
                coalesce({{ contract.version }}, {{ to_utc('load_date') }}) desc,
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


{# Keys, version column and columns of an entity as the contract declares them. #}
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
}) -%}
{% endmacro %}
