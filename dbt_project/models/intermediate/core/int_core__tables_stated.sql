{%- set tables = [
    'contact_cadence', 'holidays', 'inspection_standards', 'loyalty_index_parts', 'metric_targets', 'names', 'schedules',
    'service_standards', 'tier_rules', 'unit_costs',
] -%}
{%- if execute and tables != stated_tables() -%}
    {%- do exceptions.raise_compiler_error(
        'model int_core__tables_stated names other tables than the seeds with stated_by_company: ' ~ stated_tables() | join(', ')
    ) -%}
{%- endif -%}
{%- for table in tables %}
select
    '{{ table }}' as table_name,
    count(*) as rows_stated
from {{ ref(table) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
