{# dbt-spark writes the text of a seed between quotes as it is: an apostrophe ends it, and an empty cell becomes 'None'.
   Reference data is the company's to edit, so both must do. #}
{% macro spark__load_csv_rows(model, agate_table) %}
{%- set types = model['config'].get('column_types', {}) -%}
{%- set statements = [] -%}
{%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
    {%- set statement -%}
        insert into {{ this.render() }} values
        {%- for row in chunk %}
        (
            {%- for name in agate_table.column_names -%}
            {%- set value = row[loop.index0] -%}
            cast(
                {%- if value is none -%} null
                {%- else -%} '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
                {%- endif %} as {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }})
            {{- ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {%- do adapter.add_query(statement, abridge_sql_log=true) -%}
    {%- do statements.append(statement) if not statements -%}
{%- endfor -%}
{{ return(statements | first) }}
{% endmacro %}
