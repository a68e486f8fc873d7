{%- set categories = ['must_be', 'one_dimensional', 'attractive', 'indifferent', 'reverse', 'questionable'] -%}
with answers as (
    select instrument, item_id, attribute, response_month, category, better, worse
    from {{ ref('kano') }}
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

counts as (
    select
        windows.month,
        answers.instrument,
        answers.item_id,
        max(answers.attribute) as attribute,
        count(*) as n,
        {%- for category in categories %}
        count(case when answers.category = '{{ category }}' then 1 end) as {{ category }},
        {%- endfor %}
        {{ measure(divide('sum(answers.better)', 'count(answers.better)')) }} as better,
        {{ measure(divide('sum(answers.worse)', 'count(answers.worse)')) }} as worse
    from answers
    inner join windows on answers.response_month = windows.window_month
    group by windows.month, answers.instrument, answers.item_id
)

-- the most frequent; of equal ones the one that matters more: must-be, one-dimensional, attractive, indifferent
select
    month,
    instrument,
    item_id,
    attribute,
    n,
    {{ categories | join(',\n    ') }},
    better,
    worse,
    case greatest({{ categories | join(', ') }})
        {%- for category in categories %}
        when {{ category }} then '{{ category }}'
        {%- endfor %}
    end as category,
    case when n < {{ var('min_n') }} then 'too_few' else 'ok' end as status
from counts
