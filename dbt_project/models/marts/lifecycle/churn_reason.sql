with customers as (
    select customer_id, source_system, status, closed_at, closure_reason, store_id, region from {{ ref('dim_customer') }}
),

reported as (
    select customer_id, responded_at, text from {{ ref('int_lifecycle__exit_reasons') }}
),

wordings as (
    select raw_reason, reason from {{ ref('churn_reasons') }}
),

groups as (
    select reason, is_caused_by_us from {{ ref('churn_reason_groups') }}
),

-- the customer's own words go before those of whoever closed the account
stated as (
    select
        customers.customer_id,
        customers.source_system,
        customers.store_id,
        customers.region,
        coalesce(customers.closed_at, reported.responded_at) as left_at,
        case
            when reported.text is not null then 'exit_survey'
            when customers.closure_reason is not null then 'closure'
        end as stated_in,
        lower(trim(coalesce(reported.text, customers.closure_reason))) as raw_reason
    from customers
    left join reported on customers.customer_id = reported.customer_id
    where customers.status = 'closed'
),

grouped as (
    select
        stated.customer_id,
        stated.source_system,
        stated.store_id,
        stated.region,
        stated.left_at,
        stated.stated_in,
        stated.raw_reason,
        case when stated.raw_reason is not null then coalesce(wordings.reason, 'other') end as reason,
        case when stated.raw_reason is not null then wordings.reason is not null end as is_known_wording
    from stated
    left join wordings on stated.raw_reason = wordings.raw_reason
)

select
    grouped.customer_id,
    grouped.source_system,
    grouped.store_id,
    grouped.region,
    grouped.left_at,
    {{ local_month('grouped.left_at') }} as left_month,
    grouped.stated_in,
    -- what a customer wrote in words of their own may name people: only listed wordings and closure notes are reported on
    case when grouped.is_known_wording or grouped.stated_in = 'closure' then grouped.raw_reason end as raw_reason,
    grouped.reason,
    grouped.is_known_wording,
    groups.is_caused_by_us
from grouped
left join groups on grouped.reason = groups.reason
