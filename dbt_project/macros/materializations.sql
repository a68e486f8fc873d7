{# Tables and views made under their own name: the candidate is a file of its own that nobody reads before it is published
   whole, so the stock way (make aside, rename, drop the old one) would only pay for what publishing does anyway. It is a
   good part of what a node costs, and there are hundreds. Hooks, grants, indexes and comments are not used here. #}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target = this.incorporate(type='table') %}
    {% do drop_relation_if_exists(load_cached_relation(this)) %}
    {% call statement('main', language=model['language']) -%}
        {{ create_table_as(false, target, compiled_code, model['language']) }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') %}
    {% do drop_relation_if_exists(load_cached_relation(this)) %}
    {% call statement('main') -%}
        {{ create_view_as(target, sql) }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
