with store_months as (
    select store_id, month, link, value from {{ ref('int_economics__store_months') }}
),

last_month as (
    select max(month) as month from {{ ref('int_core__months') }}
    where is_complete
),

steps as (
    select 1 as step, 'agent_satisfaction' as from_link, 'service_quality' as to_link
    union all
    select 2 as step, 'service_quality' as from_link, 'satisfaction' as to_link
    union all
    select 3 as step, 'satisfaction' as from_link, 'loyalty' as to_link
    union all
    select 4 as step, 'loyalty' as from_link, 'revenue_growth' as to_link
),

-- a link in a month and the next link a month later, in the same store
pairs as (
    select
        steps.step,
        steps.from_link,
        steps.to_link,
        earlier.store_id,
        cast(earlier.value as double) as x,
        cast(later.value as double) as y
    from store_months as earlier
    inner join steps on earlier.link = steps.from_link
    inner join store_months as later
        on earlier.store_id = later.store_id
        and {{ add_months('earlier.month', 1) }} = later.month
        and steps.to_link = later.link
),

-- what a store is in the mean is taken out: a good store is not compared with a bad one
centred as (
    select
        step,
        from_link,
        to_link,
        store_id,
        x - avg(x) over (partition by step, store_id) as x,
        y - avg(y) over (partition by step, store_id) as y
    from pairs
),

sums as (
    select
        step,
        from_link,
        to_link,
        count(*) as n,
        count(distinct store_id) as stores,
        sum(x * y) as sum_xy,
        sum(x * x) as sum_xx,
        sum(y * y) as sum_yy
    from centred
    group by step, from_link, to_link
),

correlated as (
    select
        step,
        from_link,
        to_link,
        n,
        stores,
        -- beyond rounding there must be movement on both sides
        case when sum_xx > 1e-12 and sum_yy > 1e-12 then least(greatest(sum_xy / sqrt(sum_xx * sum_yy), -1e0), 1e0) end as correlation,
        n - stores - 2 as freedom
    from sums
),

transformed as (
    select
        step,
        from_link,
        to_link,
        n,
        stores,
        correlation,
        case when abs(correlation) < 1e0 and freedom > 0 then 0.5e0 * ln((1e0 + correlation) / (1e0 - correlation)) end as z,
        case when freedom > 0 then {{ z_975() }} / sqrt(freedom) end as reach
    from correlated
)

select
    last_month.month,
    transformed.step,
    transformed.from_link,
    transformed.to_link,
    transformed.n,
    transformed.stores,
    {{ measure('transformed.correlation') }} as correlation,
    {{ measure('(exp(2e0 * (transformed.z - transformed.reach)) - 1e0) / (exp(2e0 * (transformed.z - transformed.reach)) + 1e0)') }} as ci_low,
    {{ measure('(exp(2e0 * (transformed.z + transformed.reach)) - 1e0) / (exp(2e0 * (transformed.z + transformed.reach)) + 1e0)') }} as ci_high
from transformed
cross join last_month
