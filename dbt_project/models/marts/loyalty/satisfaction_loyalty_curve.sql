with csat as (
    select survey_id, customer_id, responded_at, score
    from {{ ref('csat') }}
    where is_response and score is not null and customer_id is not null
),

answers as (
    select survey_id, form as instrument, item_id, dimension, customer_id, responded_at, score
    from {{ ref('fct_survey_answer') }}
    where
        side = 'score'
        and respondent_type = 'customer'
        and instrument not in ('csat', 'nps', 'ces')
        and (item_id = 'overall' or dimension = 'overall')
        and score is not null
        and customer_id is not null
),

customers as (
    select customer_id from {{ ref('dim_customer') }} where has_orders_supplied
),

orders as (
    select customer_id, ordered_at from {{ ref('fct_order') }} where is_purchase and customer_id is not null
),

months as (
    select month from {{ ref('int_core__months') }}
),

run as (
    select as_of_date from {{ source('control', 'run') }}
),

scores as (
    select survey_id, 'csat' as instrument, customer_id, responded_at, score from csat
    union all
    select survey_id, instrument, customer_id, responded_at, score from answers
),

-- orders stand before the answer of the same moment
moments as (
    select customer_id, ordered_at as moment_at, 0 as turn, ordered_at, null as survey_id, null as instrument, null as score from orders
    union all
    select customer_id, responded_at as moment_at, 1 as turn, null as ordered_at, survey_id, instrument, score from scores
),

followed as (
    select
        customer_id,
        moment_at,
        survey_id,
        instrument,
        score,
        min(ordered_at) over (
            partition by customer_id order by moment_at, turn rows between 1 following and unbounded following
        ) as next_ordered_at
    from moments
),

pairs as (
    select
        followed.instrument,
        followed.score,
        {{ add_days(local_date('followed.moment_at'), var('again_days')) }} as judged_date,
        {{ local_date('followed.next_ordered_at') }} as next_order_date
    from followed
    inner join customers on followed.customer_id = customers.customer_id
    where followed.survey_id is not null
),

counted as (
    select
        pairs.instrument,
        pairs.score,
        {{ month_of('pairs.judged_date') }} as judged_month,
        count(*) as n,
        count(case when pairs.next_order_date <= pairs.judged_date then 1 end) as bought_again
    from pairs
    cross join run
    where pairs.judged_date <= run.as_of_date
    group by pairs.instrument, pairs.score, {{ month_of('pairs.judged_date') }}
),

levels as (
    select
        months.month,
        counted.instrument,
        counted.score as x,
        {{ int_sum('counted.n') }} as n,
        {{ int_sum('counted.bought_again') }} as successes
    from months
    inner join counted
        on {{ months_between_dates('counted.judged_month', 'months.month') }} between 0 and {{ var('window_months') - 1 }}
    group by months.month, counted.instrument, counted.score
),

sizes as (
    select month, instrument, count(*) as level_count, {{ int_sum('n') }} as pair_count
    from levels
    group by month, instrument
),

zonable as (
    select levels.month, levels.instrument, levels.x, levels.n, levels.successes
    from levels
    inner join sizes on levels.month = sizes.month and levels.instrument = sizes.instrument
    where sizes.level_count >= {{ var('zone_levels_min') }} and sizes.pair_count >= {{ var('zone_pairs_min') }}
),

{{ piecewise_ctes('zonable', ['month', 'instrument']) }},

judged as (
    select
        levels.month,
        levels.instrument,
        levels.x,
        levels.n,
        levels.successes,
        sizes.level_count,
        sizes.pair_count,
        piecewise_fit.bic_line,
        piecewise_fit.bic_pieces,
        coalesce(piecewise_fit.bic_pieces < piecewise_fit.bic_line, false) as has_zones,
        piecewise_fit.break_1,
        piecewise_fit.break_2,
        piecewise_fit.fitted
    from levels
    inner join sizes on levels.month = sizes.month and levels.instrument = sizes.instrument
    left join piecewise_fit
        on
            levels.month = piecewise_fit.month
            and levels.instrument = piecewise_fit.instrument
            and cast(levels.x as double) = piecewise_fit.x
)

select
    month,
    instrument,
    {{ measure('x') }} as score,
    n,
    successes as bought_again,
    {{ measure(divide('successes', 'n')) }} as repurchase_rate,
    {{ measure(wilson_bound('successes', 'n', 'low')) }} as ci_low,
    {{ measure(wilson_bound('successes', 'n', 'high')) }} as ci_high,
    level_count,
    pair_count,
    has_zones,
    case
        when not has_zones then null
        when x <= break_1 then 'A'
        when x <= break_2 then 'B'
        else 'C'
    end as zone,
    case when has_zones then {{ measure('break_1') }} end as break_1,
    case when has_zones then {{ measure('break_2') }} end as break_2,
    case when has_zones then {{ measure('fitted') }} end as fitted_rate,
    {{ measure('bic_line') }} as bic_line,
    {{ measure('bic_pieces') }} as bic_zones
from judged
