with surveys as (
    select response_month, promise, is_positive, score
    from {{ ref('csat') }}
    where promise is not null and is_positive is not null
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

counts as (
    select
        windows.month,
        surveys.promise,
        count(*) as n,
        {{ int_sum(to_int('surveys.is_positive')) }} as positive,
        {{ measure(divide('sum(surveys.score)', 'count(*)')) }} as mean_score
    from surveys
    inner join windows on surveys.response_month = windows.window_month
    group by windows.month, surveys.promise
)

select
    month,
    promise,
    n,
    positive,
    {{ measure(divide('positive', 'n')) }} as csat,
    {{ measure(wilson_bound('positive', 'n', 'low')) }} as ci_low,
    {{ measure(wilson_bound('positive', 'n', 'high')) }} as ci_high,
    mean_score,
    case when n < {{ var('min_n') }} then 'too_few' else 'ok' end as status
from counts
