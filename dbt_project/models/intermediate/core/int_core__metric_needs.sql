{#- Monthly and daily figures of one id stand on the same: `like` takes it over. -#}
{%- set needs = [] -%}
{%- if execute -%}
    {%- set seen = [] -%}
    {%- for metric in declared_metrics() + declared_daily_metrics() if metric.id not in seen -%}
        {%- do seen.append(metric.id) -%}
        {%- for need in metric.stands_on -%}
            {%- set need_no = loop.index -%}
            {%- for column in need.split(' or ') -%}
                {%- do needs.append([metric.id, need_no, column.split('.')[0], column.split('.')[1]]) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}
select
    cast(metric_id as {{ text_type() }}) as metric_id,
    cast(need_no as integer) as need_no,
    cast(entity as {{ text_type() }}) as entity,
    cast(column_name as {{ text_type() }}) as column_name
from (
    values
    {%- for metric_id, need_no, entity, column_name in needs %}
    ('{{ metric_id }}', {{ need_no }}, '{{ entity }}', '{{ column_name }}'){{ ',' if not loop.last }}
    {%- else %}
    (null, null, null, null)
    {%- endfor %}
) as declared (metric_id, need_no, entity, column_name)
where metric_id is not null
