{# What every row of a model promises, tested in one pass: the key is there once and not null (but for its columns listed as nullable), columns are filled, values
   are among those accepted, and checks between columns hold (a check that comes out as null holds). Returns a row per broken
   rule with the number of rows that break it, no value. #}
{% test row_contract(model, key=[], nullable=[], not_null=[], accepted_values={}, checks=[]) %}
{%- set rules = [] -%}
{%- for column in key + not_null if column not in nullable -%}
    {%- do rules.append({'rule': column ~ ' is null', 'broken': column ~ ' is null'}) -%}
{%- endfor -%}
{%- for column, values in accepted_values.items() -%}
    {%- do rules.append({
        'rule': column ~ ' has an unknown value',
        'broken': column ~ " not in ('" ~ values | join("', '") ~ "')",
    }) -%}
{%- endfor -%}
{%- for check in checks -%}
    {%- do rules.append({'rule': 'not ' ~ check, 'broken': 'not (' ~ check ~ ')'}) -%}
{%- endfor -%}
{%- if not key and not rules -%}
    {%- do exceptions.raise_compiler_error('row_contract of ' ~ model ~ ' names nothing to test') -%}
{%- endif -%}
with
{%- if key %}
repeated_keys as (
    select
        {{ key | join(',\n        ') }}
    from {{ model }}
    group by {{ key | join(', ') }}
    having count(*) > 1
),

{% endif %}
counts as (
    select
        {%- for rule in rules %}
        count(case when {{ rule.broken }} then 1 end) as broken_{{ loop.index }},
        {%- endfor %}
        count(*) as row_count
    from {{ model }}
),

broken_rules as (
    {%- if key %}
    select
        'repeated key' as rule,
        count(*) as broken_rows
    from repeated_keys
    {{ 'union all' if rules }}
    {%- endif %}
    {%- for rule in rules %}
    select
        '{{ rule.rule | replace("'", "''") }}' as rule,
        broken_{{ loop.index }} as broken_rows
    from counts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    rule,
    broken_rows
from broken_rules
where broken_rows > 0
{% endtest %}
