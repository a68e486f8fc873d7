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
    from {{ ref('standards') }}
    where is_on_time is not null
),

results as (
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
        {{ measure('avg(cast(delivered_value as double))') }} as mean_value,
        max(delivered_value) as worst_value,
        {{ measure(quantile('delivered_value', 0.9)) }} as p90_value
    from standards
    group by grouping sets ((month, standard_id), (month, standard_id, region), (month, standard_id, store_id))
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
    case
        when cases < {{ var('min_n') }} then 'too_few'
        when on_time < on_time_target * cases or mean_value > mean_target then 'missed'
        when on_time_target is null and mean_target is null then 'no_target'
        else 'met'
    end as status
from results
-- a case without a region or store is in the company alone
where (is_every_region = 1 or region is not null) and (is_every_store = 1 or store_id is not null)
