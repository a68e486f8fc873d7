{#- What adds up to what among the numbers that models hold, as they declare it under config.meta.identities, in the language of
    reports/bundle/identities.py, which reads it. -#}
{%- if execute %}
{%- set declared = [] -%}
{%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='unique_id') -%}
    {%- for identity in node.config.meta.get('identities', []) -%}
        {%- if ' = ' not in identity and ' <= ' not in identity -%}
            {%- do exceptions.raise_compiler_error(
                'model ' ~ node.name ~ ', identity ' ~ identity ~ ': write what is equal (=) or at most (<=), with spaces around it'
            ) -%}
        {%- endif -%}
        {%- do declared.append((node.name, loop.index, identity)) -%}
    {%- endfor -%}
{%- endfor -%}
select
    cast(model as {{ text_type() }}) as model,
    cast(place as integer) as place,
    cast(identity as {{ text_type() }}) as identity
from (
    values
    {%- for model, place, identity in declared %}
    ({{ dbt.string_literal(model) }}, {{ place }}, {{ dbt.string_literal(dbt.escape_single_quotes(identity)) }}){{ ',' if not loop.last }}
    {%- else %}
    (null, null, null)
    {%- endfor %}
) as declared (model, place, identity)
where model is not null
{%- endif %}
