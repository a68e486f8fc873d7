{# Attributes of an entity over time, from every load of it: one row per key and stretch in which none of them changed.

   A version holds from its version column, else from the local start of the day it was loaded; the first one known holds
   for all time before it too, the last one for all time after. Bounds: valid_from inclusive, valid_to exclusive, UTC. #}
{% macro attribute_versions(entity, attributes) %}
{%- set raw = source('raw', entity) -%}
{%- if execute -%}
{%- set contract = contract_of(entity) -%}
{%- set key = contract.key_columns | join(', ') -%}
{%- set loaded_at = to_utc('load_date') %}
with loaded as (
    select
        {{ key }},
        {{ attributes | join(',\n        ') }},
        {{ hash_of(attributes) }} as attributes_hash,
        {{ 'coalesce(' ~ contract.version ~ ', ' ~ loaded_at ~ ')' if contract.version else loaded_at }} as changed_at,
        load_date,
        row_hash
    from {{ raw }}
),

arrivals as (
    select
        *,
        row_number() over (partition by {{ key }}, changed_at order by load_date desc, row_hash desc) as arrival_rank
    from loaded
),

compared as (
    select
        *,
        lag(attributes_hash) over (partition by {{ key }} order by changed_at) as previous_hash
    from arrivals
    where arrival_rank = 1
),

changes as (
    select
        *,
        lead(changed_at) over (partition by {{ key }} order by changed_at) as next_changed_at
    from compared
    where previous_hash is null or previous_hash <> attributes_hash
)

select
    {{ key }},
    {{ attributes | join(',\n    ') }},
    case when previous_hash is null then {{ beginning_of_time() }} else changed_at end as valid_from,
    coalesce(next_changed_at, {{ end_of_time() }}) as valid_to
from changes
{%- else -%}
select 1 as not_rendered_at_parse
{%- endif -%}
{% endmacro %}


{% macro beginning_of_time() -%} cast('1900-01-01 00:00:00' as {{ timestamp_type() }}) {%- endmacro %}
{% macro end_of_time() -%} cast('9999-12-31 00:00:00' as {{ timestamp_type() }}) {%- endmacro %}
