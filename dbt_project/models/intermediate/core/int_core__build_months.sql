with months as (
    select month, month_start_at, month_end_at, month_end_date from {{ ref('int_core__months') }}
),

first_month as (
    select min(month) as month from months
),

lead_in as (
    select
        {{ add_months('months.month', -1) }} as month,
        months.month_start_at as month_end_at,
        {{ add_days('months.month', -1) }} as month_end_date,
        true as is_lead_in
    from months
    inner join first_month on months.month = first_month.month
)

select month, month_end_at, month_end_date, false as is_lead_in from months
union all
select month, month_end_at, month_end_date, is_lead_in from lead_in
