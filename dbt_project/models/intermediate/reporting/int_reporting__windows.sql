{%- set windowed = declared_metrics() | selectattr('window', 'defined') | list if execute else [] -%}
with metric_entities as (
    {%- for metric in windowed %}
    {%- set outer = loop %}
    {%- for entity in metric.window.of %}
    select '{{ metric.id }}' as metric_id, '{{ entity }}' as entity
    {%- if not (outer.last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- else %}
    select cast(null as {{ text_type() }}) as metric_id, cast(null as {{ text_type() }}) as entity
    where 1 = 0
    {%- endfor %}
),

histories as (
    select entity, scope_type, scope_id, from_month from {{ ref('rpt_histories') }}
),

scopes as (
    select distinct scope_type, scope_id from histories
)

-- the figure needs all its entities: the one that begins last counts; an entity that the scope's own sources do not report is
-- the company's, and one that nobody does hides nothing
select
    metric_entities.metric_id,
    scopes.scope_type,
    scopes.scope_id,
    max(coalesce(own.from_month, company.from_month)) as from_month
from metric_entities
cross join scopes
left join histories as own
    on
        metric_entities.entity = own.entity
        and scopes.scope_type = own.scope_type
        and scopes.scope_id = own.scope_id
left join histories as company on metric_entities.entity = company.entity and company.scope_type = 'company'
group by metric_entities.metric_id, scopes.scope_type, scopes.scope_id
