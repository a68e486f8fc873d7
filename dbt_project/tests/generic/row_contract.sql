{# What every row of a model promises, tested in one pass: the key is there once and not null (but for its columns listed as nullable), columns are filled, values
   are among those accepted, and checks between columns hold (a check that comes out as null holds). Returns a row per broken
   rule: the rule, the number of rows that break it and the hash of one of their keys (md5 of its columns' texts, joined by |), no value. #}
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
{%- set key_texts = [] -%}
{%- for column in key -%}
    {%- do key_texts.append('cast(' ~ column ~ ' as ' ~ text_type() ~ ')') -%}
{%- endfor -%}
{%- set key_hash = "md5(concat_ws('|', " ~ key_texts | join(', ') ~ '))' if key else 'cast(null as ' ~ text_type() ~ ')' -%}
with
{%- if key %}
repeated_keys as (
    select
        {{ key_hash }} as key_hash
    from {{ model }}
    group by {{ key | join(', ') }}
    having count(*) > 1
),

{% endif %}
counts as (
    select
        {%- for rule in rules %}
        count(case when {{ rule.broken }} then 1 end) as broken_{{ loop.index }},
        min(case when {{ rule.broken }} then {{ key_hash }} end) as key_{{ loop.index }},
        {%- endfor %}
        count(*) as row_count
    from {{ model }}
),

broken_rules as (
    {%- if key %}
    select
        'repeated key' as rule,
        count(*) as broken_rows,
        min(key_hash) as key_hash
    from repeated_keys
    {{ 'union all' if rules }}
    {%- endif %}
    {%- for rule in rules %}
    select
        '{{ rule.rule | replace("'", "''") }}' as rule,
        broken_{{ loop.index }} as broken_rows,
        key_{{ loop.index }} as key_hash
    from counts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    rule,
    broken_rows,
    key_hash
from broken_rules
where broken_rows > 0
{% endtest %}
