with months as (
    select month from {{ ref('int_core__report_months') }}
),

visits as (
    select month, customer_id, store_id, region, grade, days_since_last, spend_in_window, contacted_at, is_contacted
    from {{ ref('priority_visits') }}
),

placed as (
    select
        visits.month,
        visits.customer_id,
        visits.store_id,
        visits.region,
        visits.grade,
        visits.days_since_last,
        visits.spend_in_window,
        visits.contacted_at,
        visits.is_contacted,
        row_number() over (partition by visits.month order by visits.spend_in_window desc, visits.customer_id) as place,
        row_number() over (partition by visits.month, visits.store_id order by visits.spend_in_window desc, visits.customer_id) as place_in_store
    from visits
    inner join months on visits.month = months.month
)

select
    month,
    place,
    place_in_store,
    customer_id,
    store_id,
    region,
    grade,
    days_since_last,
    spend_in_window,
    contacted_at,
    is_contacted
from placed
where place_in_store <= {{ var('listed_customers_max') }} or place <= {{ var('listed_customers_max') }}
