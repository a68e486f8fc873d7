with contacts as (
    select campaign_id, customer_id, source_system, is_control, assigned_at, sent_at, is_delivered, opened_at, clicked_at
    from {{ ref('int_loyalty__campaign_contacts') }}
),

campaigns as (
    select campaign_id, goal, channel from {{ ref('int_loyalty__campaigns') }}
),

orders as (
    select customer_id, ordered_at, is_purchase, net_amount, product_cost
    from {{ ref('fct_order') }}
    where is_valid
),

versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

run as (
    select as_of_date from {{ source('control', 'run') }}
),

-- both groups count from the assignment, so that they can be compared
assigned as (
    select
        contacts.campaign_id,
        contacts.customer_id,
        contacts.source_system,
        contacts.is_control,
        contacts.assigned_at,
        contacts.sent_at,
        contacts.is_delivered,
        contacts.opened_at,
        contacts.clicked_at,
        {{ add_days(local_date('contacts.assigned_at'), var('campaign_days')) }} as judged_date,
        run.as_of_date
    from contacts
    cross join run
),

followed as (
    select
        assigned.campaign_id,
        assigned.customer_id,
        count(case when orders.is_purchase then 1 end) as orders_count,
        {{ measure('sum(orders.net_amount)') }} as revenue,
        {{ measure('sum(orders.net_amount - coalesce(orders.product_cost, 0))') }} as margin
    from assigned
    inner join orders
        on
            assigned.customer_id = orders.customer_id
            and orders.ordered_at > assigned.assigned_at
            and {{ local_date('orders.ordered_at') }} <= assigned.judged_date
    where assigned.judged_date <= assigned.as_of_date
    group by assigned.campaign_id, assigned.customer_id
)

select
    assigned.campaign_id,
    assigned.customer_id,
    assigned.source_system,
    campaigns.goal,
    campaigns.channel,
    versions.store_id,
    coalesce(store_versions.region, versions.region) as region,
    assigned.is_control,
    assigned.assigned_at,
    {{ local_month('assigned.assigned_at') }} as assigned_month,
    assigned.sent_at,
    {{ local_month('assigned.sent_at') }} as sent_month,
    case when assigned.sent_at is not null then assigned.is_delivered end as is_delivered,
    case when assigned.sent_at is not null then assigned.opened_at is not null end as is_opened,
    case when assigned.sent_at is not null then assigned.clicked_at is not null end as is_clicked,
    assigned.judged_date,
    case when assigned.judged_date <= assigned.as_of_date then {{ month_of('assigned.judged_date') }} end as judged_month,
    case when assigned.judged_date <= assigned.as_of_date then coalesce(followed.orders_count, 0) > 0 end as is_converted,
    case when assigned.judged_date <= assigned.as_of_date then coalesce(followed.orders_count, 0) end as orders_count,
    case when assigned.judged_date <= assigned.as_of_date then coalesce(followed.revenue, {{ measure('0') }}) end as revenue,
    case when assigned.judged_date <= assigned.as_of_date then coalesce(followed.margin, {{ measure('0') }}) end as margin
from assigned
left join campaigns on assigned.campaign_id = campaigns.campaign_id
left join followed on assigned.campaign_id = followed.campaign_id and assigned.customer_id = followed.customer_id
left join versions
    on
        assigned.customer_id = versions.customer_id
        and assigned.assigned_at >= versions.valid_from
        and assigned.assigned_at < versions.valid_to
left join store_versions
    on
        versions.store_id = store_versions.store_id
        and assigned.assigned_at >= store_versions.valid_from
        and assigned.assigned_at < store_versions.valid_to
