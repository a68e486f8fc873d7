{# The incremental build by months. Facts are built in full; models of one row per something and month build only the
   months that changed.

     int_core__month_changes   a fingerprint of each fact and month, against the one of the last build
     int_core__build_months    the months from the first changed one on: what a month says of a customer looks back
                               without limit (recency, gaps, stage), so that a change reaches every month after it
     strategy `months`         deletes those months, and those no longer kept, before the insert
     int_core__months_built    the fingerprints once every such model stands on them

   A model takes part with materialized = monthly(), incremental_strategy = 'months', by selecting only months of
   int_core__build_months and by the comments `depends_on:` of that model and of int_core__months. On Spark it is a plain
   table and every month is built. #}


{% macro monthly() -%} {{ return('incremental' if target.type == 'duckdb' else 'table') }} {%- endmacro %}


{% macro get_incremental_months_sql(arguments) %}
{%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
delete from {{ arguments.target_relation }}
where month in (select build_months.month from {{ ref('int_core__build_months') }} as build_months where not build_months.is_lead_in)
    or month not in (select months.month from {{ ref('int_core__months') }} as months);

insert into {{ arguments.target_relation }} ({{ columns }})
select {{ columns }} from {{ arguments.temp_relation }};
{% endmacro %}


{# The fingerprints the monthly tables stand on, or none where they must be built in full: asked for, the first time, or one
   of them is missing. #}
{% macro months_built_before() %}
{%- if not execute or target.type != 'duckdb' or flags.FULL_REFRESH -%}
    {%- do return(none) -%}
{%- endif -%}
{%- for node in graph.nodes.values() if node.config.get('incremental_strategy') == 'months' -%}
    {%- if load_relation(api.Relation.create(node.database, node.schema, node.alias)) is none -%}
        {%- do return(none) -%}
    {%- endif -%}
{%- endfor -%}
{%- do return(months_built_relation()) -%}
{% endmacro %}

{# Found by name, not by ref: this build reads what the last one left there. #}
{% macro months_built_relation() -%}
    {%- do return(adapter.get_relation(this.database, this.schema, 'int_core__months_built')) -%}
{%- endmacro %}

{# From now on until every monthly model is built, nothing tells what they stand on: an interrupted build is followed by
   a full one. #}
{% macro forget_months_built() %}
{%- set relation = months_built_relation() -%}
{%- if relation is not none %} {% do adapter.drop_relation(relation) %} {%- endif -%}
{% endmacro %}


{# One text for a set of rows, whatever their order. #}
{% macro rows_fingerprint(columns) -%} {{ adapter.dispatch('rows_fingerprint')(columns) }} {%- endmacro %}
{% macro duckdb__rows_fingerprint(columns) -%}
    concat(count(*), ':', sum(cast(hash({{ columns | join(', ') }}) as hugeint)))
{%- endmacro %}
{% macro spark__rows_fingerprint(columns) -%}
    concat(count(*), ':', sum(cast(xxhash64({{ columns | join(', ') }}) as decimal(38, 0))))
{%- endmacro %}


{# Entities of which a row speaks of long ago whenever it is delivered: that a customer was known, a member joined or an agent
   trained. #}
{% macro reaching_back() -%} 'customers', 'loyalty_members', 'agent_training' {%- endmacro %}


{# Whether a report of either of the last two months prints the month or compares it: those two, the one before them and
   theirs a year ago. What is dear is worked out for these alone. #}
{% macro is_compared_month(month, last_month) -%}
    {{ months_between_dates(month, last_month) }} in (0, 1, 2, 12, 13)
{%- endmacro %}
