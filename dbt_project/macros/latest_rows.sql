{# The rows of one entity as known at known_at: the newest version of each key of each source, deletions applied.

   Whatever the load mode, a later arrival with another content is a new version: the last version column wins (a row
   without one is as of its load), then the last load_date, then row_hash. The mode says what a missing key means:
   snapshot  it was deleted: only rows of the newest snapshot of their source count
   delta     nothing: only what changed is sent
   append    nothing: only what is new is sent
   Keys and columns come from the contract (graph.sources). A source that sends a snapshot once and deltas after is
   covered: rows older than its newest snapshot count no more. with_deleted keeps the last row of deleted keys. lost: a
   model with keys and load days whose rows do not count.

   persons: the model of the persons behind customer records. Whatever references a customer references the person from here
   on, so that all that counts customers counts persons; only the records themselves (customers) are read as they came. #}
{% macro latest_rows(entity, with_deleted=false, lost=none, persons=none) %}
{%- set raw = source('raw', entity) -%}
{%- set loads = source('control', 'loads') -%}
{%- if execute -%}
{%- set contract = contract_of(entity) %}
{%- set of_customers = contract.get('of_customers', []) %}
{%- if of_customers and not persons and entity != 'customers' -%}
    {%- do exceptions.raise_compiler_error(
        entity ~ ' references customers (' ~ of_customers | join(', ') ~ "): write latest_rows('" ~ entity ~ "', persons=ref('int_core__persons'))"
    ) -%}
{%- endif %}
{%- set merged = {} -%}
{%- for column in of_customers if persons -%}{%- do merged.update({column: 'merged_' ~ loop.index}) -%}{%- endfor %}
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
{%- if merged %},

merged as (
    select customer_id, person_id
    from {{ persons }}
    where person_id <> customer_id
)
{%- endif %}

select
    {%- for column in contract.columns %}
    {{ 'coalesce(' ~ merged[column] ~ '.person_id, ranked.' ~ column ~ ') as ' ~ column if column in merged else 'ranked.' ~ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from ranked
{%- for column, alias in merged.items() %}
left join merged as {{ alias }} on ranked.{{ column }} = {{ alias }}.customer_id
{%- endfor %}
where ranked.version_rank = 1
{%- else -%}
select 1 as not_rendered_at_parse
{%- endif -%}
{% endmacro %}


{# Keys, version column and columns of an entity as the contract declares them, and those that name a customer. #}
{% macro contract_of(entity) %}
{%- set found = graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | selectattr('name', 'equalto', entity) | first -%}
{%- set columns = [] -%}
{%- set keys = [] -%}
{%- set versions = [] -%}
{%- set of_customers = [] -%}
{%- for column in found.columns.values() -%}
    {%- do columns.append(adapter.quote(column.name)) -%}
    {%- if column.config.meta.key -%}{%- do keys.append(adapter.quote(column.name)) -%}{%- endif -%}
    {%- if column.config.meta.references == 'customers.customer_id' -%}{%- do of_customers.append(adapter.quote(column.name)) -%}{%- endif -%}
    {%- if column.config.meta.version -%}{%- do versions.append(adapter.quote(column.name)) -%}{%- endif -%}
{%- endfor -%}
{%- do return({
    'key_columns': keys,
    'version': versions | first,
    'columns': columns,
    'of_customers': of_customers,
}) -%}
{% endmacro %}
