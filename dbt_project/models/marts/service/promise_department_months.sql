with months as (
    select
        month,
        month_end_at,
        month_end_date
    from {{ ref('int_core__months') }}
),

stores as (
    select
        store_id,
        department,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

promises as (
    select
        promise_id,
        store_id,
        department,
        sent_id,
        valid_from,
        valid_to
    from {{ ref('int_service__promises') }}
    where value is not null and unit is not null
),

-- a promise that names a store alone is one of the store's department, one that names neither is every store's
promises_in_force as (
    select
        months.month,
        coalesce(promises.department, stores.department) as department,
        coalesce(promises.sent_id, promises.promise_id) as promised
    from months
    inner join promises
        on
            months.month_end_date >= coalesce(promises.valid_from, months.month_end_date)
            and months.month_end_date <= coalesce(promises.valid_to, months.month_end_date)
    left join stores
        on
            promises.department is null
            and coalesce(promises.store_id, stores.store_id) = stores.store_id
            and months.month_end_at > stores.valid_from
            and months.month_end_at <= stores.valid_to
),

departments as (
    select
        months.month,
        stores.department,
        cast(null as {{ text_type() }}) as promised
    from months
    inner join stores on months.month_end_at > stores.valid_from and months.month_end_at <= stores.valid_to
    union all
    select
        month,
        department,
        promised
    from promises_in_force
)

select
    month,
    department,
    count(distinct promised) as promises,
    count(distinct promised) >= {{ var('promises_per_department') }} as is_covered
from departments
where department is not null
group by month, department
