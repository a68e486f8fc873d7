{# Conventions of the field that several measures follow; each stands here alone. #}


{# One of the two best scores of its scale; of a scale with two scores the better one. Null where the scale is not known. #}
{% macro is_top_two(score, scale_min, scale_max) -%}
case when {{ scale_min }} < {{ scale_max }} then {{ score }} >= {{ scale_max }} - 1 and {{ score }} > {{ scale_min }} end
{%- endmacro %}


{# Net promoter score, 0 to 10: 1 promoter, 0 passive, -1 detractor (Reichheld 2003). #}
{% macro nps_vote(score) -%}
case when {{ score }} >= 9 then 1 when {{ score }} <= 6 then -1 when {{ score }} is not null then 0 end
{%- endmacro %}


{# What a source calls by a name that others use too. #}
{% macro name_of_source(source_system, name) -%} {{ source_system }} || '/' || {{ name }} {%- endmacro %}


{# A ticket's status in which nothing is left to be done. #}
{% macro is_done(status) -%} {{ status }} in ('solved', 'closed') {%- endmacro %}
