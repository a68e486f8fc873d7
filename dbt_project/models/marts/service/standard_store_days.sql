with run as (
    select as_of_date from {{ source('control', 'run') }}
),

counts as (
    select
        standard_id,
        store_id,
        period_date,
        opportunities,
        defects
    from {{ ref('int_service__standard_counts') }}
    where standard_id is not null
),

standards as (
    select
        standard_id,
        on_time_target,
        valid_from,
        valid_to
    from {{ ref('int_service__standards') }}
    where source = 'counts'
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
)

select
    counts.standard_id,
    counts.store_id,
    store_versions.region,
    counts.period_date,
    {{ month_of('counts.period_date') }} as month,
    counts.opportunities,
    counts.defects,
    {{ measure('standards.on_time_target') }} as on_time_target
from counts
inner join run on counts.period_date <= run.as_of_date
inner join standards
    on
        counts.standard_id = standards.standard_id
        and counts.period_date >= coalesce(standards.valid_from, counts.period_date)
        and counts.period_date <= coalesce(standards.valid_to, counts.period_date)
left join store_versions
    on
        counts.store_id = store_versions.store_id
        and {{ to_utc('counts.period_date') }} >= store_versions.valid_from
        and {{ to_utc('counts.period_date') }} < store_versions.valid_to
