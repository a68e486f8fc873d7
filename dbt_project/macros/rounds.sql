{# A table that is made in rounds: its SQL reads the rows it gave so far (`this`) and gives the next ones; it is asked again
   until it gives none. For what depends on what went before it, where no window can say so: a ledger whose entries take
   what earlier ones left. Recursive SQL would do on DuckDB, but Spark lets no recursive query count or sum.

   Columns and their types are those of the model's yml. #}
{% macro make_round(target, sql) -%} {{ adapter.dispatch('make_round')(target, sql) }} {%- endmacro %}
{% macro default__make_round(target, sql) -%}
    {%- call statement('round') -%} insert into {{ target }} {{ sql }} {%- endcall -%}
{%- endmacro %}

{# Spark writes a named query anew into every place that reads it: thirty that stand on each other never end. So each that is
   read more than once becomes a table for the length of the round. They begin and end at the start of a line, as everywhere. #}
{% macro spark__make_round(target, sql) -%}
    {%- set steps = modules.re.findall('(?ms)^(?:with )?(\\w+) as \\(\n(.*?)^\\)', sql) -%}
    {%- set last = modules.re.split('(?m)^\\)\\s*(?=^select)', sql) | last -%}
    {%- for name, body in steps -%}
        {%- set table = target.incorporate(path={'identifier': target.identifier ~ '__' ~ name}) -%}
        {%- if modules.re.findall('(?:from|join) ' ~ name ~ '\\b', sql) | length > 1 -%}
            {%- do run_query('drop table if exists ' ~ table) -%}
            {%- do run_query('create table ' ~ table ~ ' using parquet as ' ~ body) -%}
            {%- do run_query('create or replace temporary view ' ~ name ~ ' as select * from ' ~ table) -%}
        {%- else -%}
            {%- do run_query('create or replace temporary view ' ~ name ~ ' as ' ~ body) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- call statement('round') -%} insert into {{ target }} {{ last }} {%- endcall -%}
    {%- for name, body in steps -%}
        {%- do run_query('drop view ' ~ name) -%}
        {%- do run_query('drop table if exists ' ~ target.incorporate(path={'identifier': target.identifier ~ '__' ~ name})) -%}
    {%- endfor -%}
{%- endmacro %}


{% materialization rounds, default %}
    {%- set target = this.incorporate(type='table') %}
    {%- set empty = [] %}
    {%- for column in model.columns.values() %}
        {%- set type = {'varchar': text_type(), 'timestamp': timestamp_type()}.get(column.data_type, column.data_type) %}
        {%- do empty.append('cast(null as ' ~ type ~ ') as ' ~ adapter.quote(column.name)) %}
    {%- endfor %}
    {% do drop_relation_if_exists(load_cached_relation(this)) %}
    {% call statement('main') -%}
        {{ create_table_as(false, target, 'select ' ~ empty | join(', ') ~ ' where 1 = 0') }}
    {%- endcall %}
    {%- set made = namespace(rows=0, is_done=false) %}
    {%- for round in range(100000) if not made.is_done %}
        {%- do make_round(target, sql) %}
        {%- set rows = run_query('select count(*) from ' ~ target).rows[0][0] %}
        {%- set made.is_done = rows == made.rows %}
        {%- set made.rows = rows %}
    {%- endfor %}
    {%- if not made.is_done %}
        {%- do exceptions.raise_compiler_error(model.name ~ ' still gives rows after 100,000 rounds: does it see those it gave?') %}
    {%- endif %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
