with answers as (
    select
        survey_id, instrument, form, item_id, side, response_month,
        dimension as given_dimension,
        {{ score_of_measure('score') }} as score
    from {{ ref('fct_survey_answer') }}
    where side in ('expectation', 'perception') and respondent_type = 'customer' and score is not null
),

printed_items as (
    select item_id, servqual_dimension
    from {{ ref('servqual_items') }}
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

scores as (
    select
        answers.survey_id, answers.form as instrument, answers.item_id, answers.side, answers.response_month, answers.score,
        coalesce(answers.given_dimension, printed_items.servqual_dimension) as servqual_dimension
    from answers
    left join printed_items on answers.item_id = printed_items.item_id and answers.instrument = 'servqual'
    where
        coalesce(answers.given_dimension, printed_items.servqual_dimension)
        in ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy')
),

scales as (
    select instrument, servqual_dimension, side, count(distinct item_id) as items_count
    from scores
    group by instrument, servqual_dimension, side
    having count(distinct item_id) > 1
),

sheets as (
    select
        survey_id, instrument, servqual_dimension, side, response_month,
        count(*) as answered,
        cast(sum(score) as decimal(9, 3)) as total
    from scores
    group by survey_id, instrument, servqual_dimension, side, response_month
),

-- respondents who answered every item of the scale
complete_sheets as (
    select
        sheets.survey_id, sheets.instrument, sheets.servqual_dimension, sheets.side, sheets.response_month, sheets.total
    from sheets
    inner join scales
        on
            sheets.instrument = scales.instrument
            and sheets.servqual_dimension = scales.servqual_dimension
            and sheets.side = scales.side
            and sheets.answered = scales.items_count
),

-- the items, and their total as one more
variables as (
    select
        complete_sheets.instrument, complete_sheets.servqual_dimension, complete_sheets.side, complete_sheets.response_month,
        scores.item_id, scores.score
    from complete_sheets
    inner join scores
        on
            complete_sheets.survey_id = scores.survey_id
            and complete_sheets.servqual_dimension = scores.servqual_dimension
            and complete_sheets.side = scores.side
    union all
    select
        instrument, servqual_dimension, side, response_month,
        'total' as item_id,
        total as score
    from complete_sheets
),

monthly_sums as (
    select
        instrument, servqual_dimension, side, item_id, response_month,
        count(*) as n,
        sum(score) as total,
        sum(score * score) as squares
    from variables
    group by instrument, servqual_dimension, side, item_id, response_month
),

variances as (
    select
        windows.month, monthly_sums.instrument, monthly_sums.servqual_dimension, monthly_sums.side, monthly_sums.item_id,
        sum(monthly_sums.n) as n,
        {{ measure(mean_variance('sum(monthly_sums.total)', 'sum(monthly_sums.squares)', 'sum(monthly_sums.n)') ~ ' * sum(monthly_sums.n)') }} as variance
    from monthly_sums
    inner join windows on monthly_sums.response_month = windows.window_month
    group by windows.month, monthly_sums.instrument, monthly_sums.servqual_dimension, monthly_sums.side, monthly_sums.item_id
),

scale_variances as (
    select
        month, instrument, servqual_dimension, side,
        cast(max(n) as bigint) as n,
        count(*) - 1 as items_count,
        sum(case when item_id <> 'total' then variance end) as item_variance,
        max(case when item_id = 'total' then variance end) as total_variance
    from variances
    group by month, instrument, servqual_dimension, side
)

select
    month,
    instrument,
    servqual_dimension,
    side,
    concat(case when instrument = 'servqual' then '' else concat(instrument, '/') end, servqual_dimension, '/', side) as scale,
    n,
    items_count,
    {{ measure('item_variance') }} as item_variance,
    {{ measure('total_variance') }} as total_variance,
    {{ measure(divide('items_count', 'items_count - 1') ~ ' * (1 - ' ~ divide('item_variance', 'total_variance') ~ ')') }} as alpha
from scale_variances
