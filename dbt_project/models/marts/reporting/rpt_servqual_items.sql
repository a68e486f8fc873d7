with pairs as (
    select instrument, form, item_id, response_month, servqual_dimension, expectation, perception, gap
    from {{ ref('int_satisfaction__servqual_pairs') }}
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

printed_items as (
    select item_id, topic
    from {{ ref('servqual_items') }}
),

own_items as (
    select form, item_id, max(attribute) as attribute
    from {{ ref('fct_survey_answer') }}
    group by form, item_id
),

means as (
    select
        windows.month,
        pairs.form,
        max(pairs.instrument) as instrument,
        pairs.item_id,
        max(pairs.servqual_dimension) as servqual_dimension,
        count(*) as n,
        {{ measure(divide('sum(pairs.expectation)', 'count(*)')) }} as expectation,
        {{ measure(divide('sum(pairs.perception)', 'count(*)')) }} as perception,
        {{ measure(divide('sum(pairs.gap)', 'count(*)')) }} as gap
    from pairs
    inner join windows on pairs.response_month = windows.window_month
    group by windows.month, pairs.form, pairs.item_id
)

select
    means.month,
    means.form as instrument,
    means.item_id,
    means.servqual_dimension as dimension,
    coalesce(printed_items.topic, own_items.attribute, means.item_id) as topic,
    means.n,
    means.expectation,
    means.perception,
    means.gap
from means
left join printed_items on means.item_id = printed_items.item_id and means.instrument = 'servqual'
left join own_items on means.form = own_items.form and means.item_id = own_items.item_id
