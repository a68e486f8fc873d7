with standards as (
    select
        standard_id,
        store_id,
        region,
        due_month as month,
        limit_unit,
        standard_value,
        promised_value,
        delivered_value,
        is_on_time,
        mean_target,
        on_time_target
    from {{ ref('standard_cases') }}
    where is_on_time is not null
),

counts as (
    select
        standard_id,
        store_id,
        region,
        month,
        opportunities,
        defects,
        on_time_target
    from {{ ref('standard_store_days') }}
),

timed_results as (
    select
        month,
        standard_id,
        grouping(region) as is_every_region,
        grouping(store_id) as is_every_store,
        region,
        store_id,
        max(limit_unit) as limit_unit,
        {{ measure('max(standard_value)') }} as standard_value,
        {{ measure('max(promised_value)') }} as promised_value,
        max(mean_target) as mean_target,
        max(on_time_target) as on_time_target,
        count(*) as cases,
        {{ int_sum('case when is_on_time then 1 else 0 end') }} as on_time,
        {{ measure(divide('sum(' ~ measure('delivered_value') ~ ')', 'count(delivered_value)')) }} as mean_value,
        max(delivered_value) as worst_value,
        {{ measure(quantile('delivered_value', 0.9)) }} as p90_value
    from standards
    group by grouping sets ((month, standard_id), (month, standard_id, region), (month, standard_id, store_id)) -- noqa: PRS
),

counted_results as (
    select
        month,
        standard_id,
        grouping(region) as is_every_region,
        grouping(store_id) as is_every_store,
        region,
        store_id,
        max(on_time_target) as on_time_target,
        {{ int_sum('opportunities') }} as cases,
        {{ int_sum('opportunities - defects') }} as on_time
    from counts
    group by grouping sets ((month, standard_id), (month, standard_id, region), (month, standard_id, store_id)) -- noqa: PRS
),

results as (
    select
        month,
        standard_id,
        is_every_region,
        is_every_store,
        region,
        store_id,
        limit_unit,
        standard_value,
        promised_value,
        mean_target,
        on_time_target,
        cases,
        on_time,
        mean_value,
        worst_value,
        p90_value,
        false as is_counted
    from timed_results
    union all
    select
        month,
        standard_id,
        is_every_region,
        is_every_store,
        region,
        store_id,
        'rate' as limit_unit,
        cast(null as decimal(28, 8)) as standard_value,
        cast(null as decimal(28, 8)) as promised_value,
        cast(null as decimal(28, 8)) as mean_target,
        on_time_target,
        cases,
        on_time,
        cast(null as decimal(28, 8)) as mean_value,
        cast(null as decimal(28, 8)) as worst_value,
        cast(null as decimal(28, 8)) as p90_value,
        true as is_counted
    from counted_results
)

select
    month,
    case when is_every_store = 0 then 'store' when is_every_region = 0 then 'region' else 'company' end as scope_type,
    coalesce(store_id, region, 'company') as scope_id,
    standard_id,
    limit_unit,
    standard_value,
    promised_value,
    cases,
    on_time,
    {{ measure(divide('on_time', 'cases')) }} as on_time_rate,
    on_time_target,
    mean_value,
    mean_target,
    worst_value,
    p90_value,
    -- so many opportunities without a single defect put the Wilson bound at the target: 3.84 million for one error in a million
    case
        when is_counted and on_time_target < 1
            then cast(ceil({{ z_975() }} * {{ z_975() }} * {{ divide('on_time_target', '1 - on_time_target') }}) as bigint)
    end as cases_to_prove,
    case
        when cases < {{ var('min_n') }} then 'too_few'
        when on_time < on_time_target * cases or mean_value > mean_target then 'missed'
        when on_time_target is null and mean_target is null then 'no_target'
        when is_counted and {{ wilson_bound('on_time', 'cases', 'low') }} < on_time_target then 'not_proved'
        else 'met'
    end as status
from results
-- a case without a region or store is in the company alone
where (is_every_region = 1 or region is not null) and (is_every_store = 1 or store_id is not null)
