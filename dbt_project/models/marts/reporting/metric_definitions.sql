{%- set text = text_type() -%}
{% if execute %}
{%- for metric in declared_metrics() %}
select
    {{ dbt.string_literal(metric.id) }} as metric_id,
    {{ dbt.string_literal(metric.area) }} as area,
    {{ dbt.string_literal(metric.model) }} as model,
    {{ dbt.string_literal(dbt.escape_single_quotes(metric.label.en)) }} as label_en,
    {{ dbt.string_literal(dbt.escape_single_quotes(metric.label.zh)) }} as label_zh,
    {{ dbt.string_literal(dbt.escape_single_quotes(metric.definition.en)) }} as definition_en,
    {{ dbt.string_literal(dbt.escape_single_quotes(metric.definition.zh)) }} as definition_zh,
    {{ dbt.string_literal(metric.unit) }} as unit,
    {{ dbt.string_literal(metric.direction) }} as direction,
    {{ dbt.string_literal(kpi_kinds()[metric.kind].get('like', metric.kind)) }} as kind,
    {{ dbt.string_literal(metric.additivity) }} as additivity,
    {{ dbt.string_literal(metric.dated) }} as dated,
    cast({{ metric.look_back_months }} as integer) as look_back_months,
    {{ metric.claims_change and kpi_kinds()[metric.kind].tested }} as claims_change,
    {{ kpi_kinds()[metric.kind].estimated }} as is_estimate,
    {{ measure(metric.get('material_change', 'null')) }} as material_change,
    {{ measure(metric.get('material_change_relative', 'null')) }} as material_change_relative
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as {{ text }}) as metric_id,
    cast(null as {{ text }}) as area,
    cast(null as {{ text }}) as model,
    cast(null as {{ text }}) as label_en,
    cast(null as {{ text }}) as label_zh,
    cast(null as {{ text }}) as definition_en,
    cast(null as {{ text }}) as definition_zh,
    cast(null as {{ text }}) as unit,
    cast(null as {{ text }}) as direction,
    cast(null as {{ text }}) as kind,
    cast(null as {{ text }}) as additivity,
    cast(null as {{ text }}) as dated,
    cast(null as integer) as look_back_months,
    cast(null as boolean) as claims_change,
    cast(null as boolean) as is_estimate,
    cast(null as decimal(28, 8)) as material_change,
    cast(null as decimal(28, 8)) as material_change_relative
where 1 = 0
{%- endfor %}
{% endif %}
