{%- set named = {'store': 'stores', 'product': 'products'} -%}
{{ config(materialized='view') }}
with
{%- for kind, entity in named.items() %}
{{ entity }} as (
    select
        {{ kind }}_id,
        name,
        row_number() over (partition by {{ kind }}_id order by load_date desc, row_hash desc) as load_no
    from {{ source('raw', entity) }}
){{ ',' if not loop.last }}
{%- endfor %}

{% for kind, entity in named.items() %}
select
    '{{ kind }}' as scope_type,
    {{ kind }}_id as scope_id,
    coalesce(name, {{ kind }}_id) as name
from {{ entity }}
where load_no = 1
{{ 'union all' if not loop.last }}
{%- endfor %}
