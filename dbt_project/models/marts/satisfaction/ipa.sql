{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
with answers as (
    select
        form as instrument, item_id, dimension, attribute, side, store_id, region, response_month, score, scale_min, scale_max
    from {{ ref('fct_survey_answer') }}
    where respondent_type = 'customer' and side in ('importance', 'score', 'perception') and score is not null
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

attributes as (
    select instrument, item_id, coalesce(max(attribute), item_id) as attribute
    from answers
    where side = 'importance'
    group by instrument, item_id
),

-- a performance item belongs to the attribute of its own name, else to that of its dimension (SERVQUAL weighs dimensions)
placed as (
    select
        answers.instrument,
        coalesce(items.item_id, dimensions.item_id) as item_id,
        answers.side = 'importance' as is_importance,
        answers.store_id,
        answers.region,
        answers.response_month,
        answers.score,
        answers.scale_min,
        answers.scale_max
    from answers
    left join attributes as items on answers.instrument = items.instrument and answers.item_id = items.item_id
    left join attributes as dimensions on answers.instrument = dimensions.instrument and answers.dimension = dimensions.item_id
    where items.item_id is not null or dimensions.item_id is not null
),

monthly_sums as (
    select
        instrument, item_id, store_id, region, response_month,
        count(case when is_importance then 1 end) as importance_n,
        sum(case when is_importance then score end) as importance_sum,
        max(case when is_importance then scale_min + scale_max end) as importance_ends,
        count(case when not is_importance then 1 end) as performance_n,
        sum(case when not is_importance then score end) as performance_sum,
        max(case when not is_importance then scale_min + scale_max end) as performance_ends
    from placed
    group by instrument, item_id, store_id, region, response_month
),

means as (
    select
        windows.month,
        {{ scope_columns(scopes) }},
        monthly_sums.instrument,
        monthly_sums.item_id,
        least({{ int_sum('monthly_sums.importance_n') }}, {{ int_sum('monthly_sums.performance_n') }}) as n,
        {{ measure(divide('sum(monthly_sums.importance_sum)', 'sum(monthly_sums.importance_n)')) }} as importance,
        {{ measure(divide('sum(monthly_sums.performance_sum)', 'sum(monthly_sums.performance_n)')) }} as performance,
        max(monthly_sums.importance_ends) as importance_ends,
        max(monthly_sums.performance_ends) as performance_ends
    from monthly_sums
    inner join windows on monthly_sums.response_month = windows.window_month
    {{ group_by_scope(scopes, ['windows.month', 'monthly_sums.instrument', 'monthly_sums.item_id']) }} -- noqa: PRS
),

crossed as (
    select
        month, scope_type, scope_id, instrument, item_id, n, importance, performance,
        {%- for side in ['importance', 'performance'] %}
        {%- if var('ipa_crosshair') == 'middle' %}
        {{ measure(divide(side ~ '_ends', '2')) }} as {{ side }}_crosshair{{ ',' if not loop.last }}
        {%- elif var('ipa_crosshair') == 'means' %}
        {{ measure(divide(
            'sum(' ~ side ~ ') over (partition by month, scope_type, scope_id, instrument)',
            'count(' ~ side ~ ') over (partition by month, scope_type, scope_id, instrument)',
        )) }} as {{ side }}_crosshair{{ ',' if not loop.last }}
        {%- else %}
        {%- do exceptions.raise_compiler_error('ipa_crosshair is ' ~ var('ipa_crosshair') ~ '; it may be means or middle') %}
        {%- endif %}
        {%- endfor %}
    from means
    where importance is not null and performance is not null
)

select
    crossed.month,
    crossed.scope_type,
    crossed.scope_id,
    crossed.instrument,
    crossed.item_id,
    attributes.attribute,
    crossed.n,
    crossed.importance,
    crossed.performance,
    crossed.importance_crosshair,
    crossed.performance_crosshair,
    case
        when crossed.importance >= crossed.importance_crosshair and crossed.performance < crossed.performance_crosshair then 'concentrate_here'
        when crossed.importance >= crossed.importance_crosshair then 'keep_up'
        when crossed.performance < crossed.performance_crosshair then 'low_priority'
        else 'possible_overkill'
    end as quadrant,
    case when crossed.n < {{ var('min_n') }} then 'too_few' else 'ok' end as status
from crossed
inner join attributes on crossed.instrument = attributes.instrument and crossed.item_id = attributes.item_id
