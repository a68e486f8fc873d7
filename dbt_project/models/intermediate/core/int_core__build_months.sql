with months as (
    select month, month_start_at, month_end_at, month_end_date from {{ ref('int_core__months') }}
),

changes as (
    select month from {{ ref('int_core__month_changes') }}
    where is_changed
),

first_change as (
    select min(month) as month from changes
),

build_months as (
    select months.month, months.month_start_at, months.month_end_at, months.month_end_date
    from months
    inner join first_change on months.month >= first_change.month
),

first_month as (
    select min(month) as month from build_months
),

lead_in as (
    select
        {{ add_months('build_months.month', -1) }} as month,
        build_months.month_start_at as month_end_at,
        {{ add_days('build_months.month', -1) }} as month_end_date
    from build_months
    inner join first_month on build_months.month = first_month.month
)

select month, month_end_at, month_end_date, false as is_lead_in from build_months
union all
select month, month_end_at, month_end_date, true as is_lead_in from lead_in
