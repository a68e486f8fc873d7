{%- set years = var('whatif_years') -%}
with months as (
    select month, {{ add_months('month', -12) }} as year_before from {{ ref('int_core__report_months') }}
),

customer_months as (
    select month, customer_id
    from {{ ref('fct_customer_month') }}
    where is_active
),

-- of whom it was not known a year before is neither kept nor won
not_known as (
    select {{ add_months('month', 12) }} as month, customer_id
    from {{ ref('fct_customer_month') }}
    where is_active is null
),

covered as (
    select month from {{ ref('int_core__months') }}
),

served as (
    select month, active_customers, revenue, relationship_cost, acquisition_cost, net_sales, sales_without_cost
    from {{ ref('cost_to_serve') }}
),

-- both ends of the year must be among the months kept
years_kept as (
    select months.month, months.year_before
    from months
    inner join covered on months.year_before = covered.month
),

now as (
    select years_kept.month, customer_months.customer_id
    from customer_months
    inner join years_kept on customer_months.month = years_kept.month
    left join not_known
        on customer_months.customer_id = not_known.customer_id and customer_months.month = not_known.month
    where not_known.customer_id is null
),

before as (
    select years_kept.month, customer_months.customer_id
    from customer_months
    inner join years_kept on customer_months.month = years_kept.year_before
),

kept as (
    select
        coalesce(now.month, before.month) as month,
        count(now.customer_id) as customers_now,
        count(before.customer_id) as customers_year_before,
        count(case when now.customer_id is not null and before.customer_id is not null then 1 end) as customers_kept
    from now
    full outer join before on now.customer_id = before.customer_id and now.month = before.month
    group by coalesce(now.month, before.month)
),

earned as (
    select
        years_kept.month,
        {{ divide('sum(served.active_customers)', 12) }} as mean_customers,
        sum(served.revenue - served.relationship_cost + served.acquisition_cost) as earnings,
        sum(served.acquisition_cost) as acquisition_cost,
        sum(served.net_sales) as net_sales,
        sum(served.sales_without_cost) as sales_without_cost
    from served
    inner join years_kept on served.month > years_kept.year_before and served.month <= years_kept.month
    group by years_kept.month
),

measured as (
    select
        kept.month,
        kept.customers_now,
        kept.customers_year_before,
        kept.customers_now - kept.customers_kept as customers_won,
        {{ divide('kept.customers_kept', 'kept.customers_year_before') }} as retention,
        case
            when earned.net_sales <> earned.sales_without_cost then {{ divide('earned.earnings', 'earned.mean_customers') }}
        end as earnings_per_customer,
        earned.acquisition_cost
    from kept
    inner join earned on kept.month = earned.month
),

cases as (
    select
        measured.month,
        measured.customers_now,
        measured.customers_year_before,
        measured.customers_won,
        measured.retention,
        measured.earnings_per_customer,
        measured.acquisition_cost,
        least(measured.retention + {{ var('whatif_retention_points') }}, 1e0) as retention_raised
    from measured
    where measured.retention is not null
),

year_numbers as (
    select {{ int_series(1, years) }} as year_number
),

-- customers after n years: those of now who stayed, and those of every year since who did
projected as (
    select
        cases.month,
        cases.customers_now,
        cases.customers_year_before,
        cases.customers_won,
        cases.retention,
        cases.retention_raised,
        cases.earnings_per_customer,
        cases.acquisition_cost,
        cast(year_numbers.year_number as integer) as year_number,
        {{ customers_after('cases.customers_now', 'cases.customers_won', 'cases.retention', 'year_numbers.year_number') }} as customers,
        {{ customers_after('cases.customers_now', 'cases.customers_won', 'cases.retention_raised', 'year_numbers.year_number') }}
            as customers_raised,
        1e0 / power(1e0 + {{ var('clv_monthly_discount') }}, 12 * year_numbers.year_number) as discount
    from cases
    cross join year_numbers
)

select
    month,
    year_number,
    customers_now,
    customers_year_before,
    customers_won,
    {{ measure('retention') }} as retention,
    {{ measure('retention_raised') }} as retention_raised,
    {{ measure('earnings_per_customer') }} as earnings_per_customer,
    {{ measure('acquisition_cost') }} as acquisition_cost,
    {{ measure('customers') }} as customers,
    {{ measure('customers_raised') }} as customers_raised,
    {{ measure('discount') }} as discount,
    {{ measure('discount * (customers * earnings_per_customer - cast(acquisition_cost as double))') }} as profit,
    {{ measure('discount * (customers_raised * earnings_per_customer - cast(acquisition_cost as double))') }} as profit_raised
from projected
