{{ config(materialized=monthly(), incremental_strategy='months') }}
with build_months as (
    select month from {{ ref('int_core__build_months') }}
    where not is_lead_in
),

months as (
    select month from {{ ref('int_core__months') }}
),

buyers as (
    select month, customer_id, store_id, region, grade
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

-- the first month has none before it to compare with
compared as (
    select build_months.month, {{ add_months('build_months.month', -1) }} as previous_month
    from build_months
    inner join months on {{ add_months('build_months.month', -1) }} = months.month
),

now as (
    select compared.month, buyers.customer_id, buyers.store_id, buyers.region, buyers.grade
    from buyers
    inner join compared on buyers.month = compared.month
),

before as (
    select compared.month, buyers.customer_id, buyers.store_id, buyers.region, buyers.grade
    from buyers
    inner join compared on buyers.month = compared.previous_month
),

moves as (
    select
        coalesce(now.month, before.month) as month,
        coalesce(now.store_id, before.store_id) as store_id,
        coalesce(now.region, before.region) as region,
        coalesce(before.grade, 'not_in_base') as previous_grade,
        coalesce(now.grade, 'not_in_base') as grade
    from now
    full outer join before on now.customer_id = before.customer_id and now.month = before.month
)

select
    month,
    store_id,
    region,
    previous_grade,
    grade,
    case
        when previous_grade = 'not_in_base' then 'joined'
        when grade = 'not_in_base' then 'left'
        when grade < previous_grade then 'risen'
        when grade > previous_grade then 'fallen'
        else 'stayed'
    end as direction,
    count(*) as customers
from moves
group by month, store_id, region, previous_grade, grade
