{%- set parts = profit_parts() -%}
with customers as (
    select customer_id, acquisition_cost, acquired_month, first_known_month from {{ ref('dim_customer') }}
),

orders as (
    select order_id, customer_id, order_month, sold_amount, product_cost, margin is not null as is_cost_known
    from {{ ref('fct_order') }}
    where is_valid and is_amount_known and customer_id is not null
),

refunds as (
    select order_id, returned_month, refund_amount from {{ ref('int_customer__refunds') }}
),

contacts as (
    select source_id as campaign_id, customer_id, contact_month
    from {{ ref('int_lifecycle__contacts') }}
    where contact_type = 'campaign'
),

campaigns as (
    select campaign_id, goal, cost from {{ ref('stg_crm__campaigns') }}
),

interactions as (
    select customer_id, started_at, answered_at, ended_at, wrap_up_seconds, abandoned from {{ ref('stg_crm__interactions') }}
),

tickets as (
    select customer_id, created_month, compensation_amount
    from {{ ref('fct_ticket') }}
    where not is_deleted and not is_merged
),

service_orders as (
    select customer_id, completed_month, cost
    from {{ ref('fct_service_order') }}
    where completed_at is not null
),

points as (
    select customer_id, entry_month, signed_points
    from {{ ref('fct_points_entry') }}
    where kind = 'redeem' or undone_kind = 'redeem'
),

-- what a campaign cost is shared by those it was sent to
campaign_shares as (
    select
        contacts.campaign_id,
        campaigns.goal,
        {{ divide('campaigns.cost', 'count(*)') }} as cost_per_contact
    from contacts
    inner join campaigns on contacts.campaign_id = campaigns.campaign_id
    group by contacts.campaign_id, campaigns.goal, campaigns.cost
),

-- the stated cost of winning a customer, else the share of the campaigns that should win one
campaign_costs as (
    select
        contacts.customer_id,
        contacts.contact_month as month,
        case
            when campaign_shares.goal = 'acquire' and customers.acquisition_cost is null then campaign_shares.cost_per_contact
        end as acquisition_cost,
        case when coalesce(campaign_shares.goal, 'other') <> 'acquire' then campaign_shares.cost_per_contact end as campaign_cost
    from contacts
    inner join campaign_shares on contacts.campaign_id = campaign_shares.campaign_id
    inner join customers on contacts.customer_id = customers.customer_id
),

unit_costs as (
    select cost, amount, valid_from, valid_to from {{ ref('unit_costs') }}
),

-- one given up took no time of an agent; where the source does not say how long one took, it costs what one usually does
interaction_costs as (
    select
        interactions.customer_id,
        {{ local_month('interactions.started_at') }} as month,
        case
            when coalesce(interactions.abandoned, false) then 0
            when interactions.ended_at is null then interaction_cost.amount
            else
                (
                    {{ minutes_between('coalesce(interactions.answered_at, interactions.started_at)', 'interactions.ended_at') }}
                    + coalesce(interactions.wrap_up_seconds, 0) / 60e0
                ) / 60e0 * hour_cost.amount
        end as interaction_cost
    from interactions
    left join unit_costs as hour_cost on {{ unit_cost_holds('hour_cost', 'agent_hour', local_date('interactions.started_at')) }}
    left join unit_costs as interaction_cost
        on {{ unit_cost_holds('interaction_cost', 'interaction', local_date('interactions.started_at')) }}
    where interactions.customer_id is not null and interactions.started_at < {{ as_of() }}
),

ticket_costs as (
    select
        tickets.customer_id,
        tickets.created_month as month,
        ticket_cost.amount as ticket_cost,
        tickets.compensation_amount
    from tickets
    left join unit_costs as ticket_cost on {{ unit_cost_holds('ticket_cost', 'ticket', 'tickets.created_month') }}
),

-- a reward is paid when points are redeemed, and not paid where that is taken back
rewards as (
    select
        points.customer_id,
        points.entry_month as month,
        -points.signed_points * point_cost.amount as reward_cost
    from points
    left join unit_costs as point_cost on {{ unit_cost_holds('point_cost', 'point', 'points.entry_month') }}
),

items as (
    select
        customer_id,
        order_month as month,
        {{- profit_part_columns({
            'net_sales': 'sum(sold_amount)',
            'sales_without_cost': 'sum(case when not is_cost_known then sold_amount else 0 end)',
            'product_cost': 'sum(case when is_cost_known then product_cost end)',
        }) }}
    from orders
    group by customer_id, order_month
    union all
    select
        orders.customer_id,
        refunds.returned_month as month,
        {{- profit_part_columns({
            'net_sales': '-sum(refunds.refund_amount)',
            'sales_without_cost': '-sum(case when not orders.is_cost_known then refunds.refund_amount else 0 end)',
        }) }}
    from refunds
    inner join orders on refunds.order_id = orders.order_id
    group by orders.customer_id, refunds.returned_month
    union all
    select
        customer_id,
        coalesce(acquired_month, first_known_month) as month,
        {{- profit_part_columns({'acquisition_cost': 'acquisition_cost'}) }}
    from customers
    where acquisition_cost is not null
    union all
    select
        customer_id,
        month,
        {{- profit_part_columns({'acquisition_cost': 'sum(acquisition_cost)', 'campaign_cost': 'sum(campaign_cost)'}) }}
    from campaign_costs
    group by customer_id, month
    union all
    select
        customer_id,
        month,
        {{- profit_part_columns(
            {'interaction_cost': 'sum(interaction_cost)'}, {'interaction_cost': 'count(*) - count(interaction_cost)'}
        ) }}
    from interaction_costs
    group by customer_id, month
    union all
    select
        customer_id,
        month,
        {{- profit_part_columns(
            {'ticket_cost': 'sum(ticket_cost)', 'compensation_cost': 'sum(compensation_amount)'},
            {'ticket_cost': 'count(*) - count(ticket_cost)'},
        ) }}
    from ticket_costs
    group by customer_id, month
    union all
    select
        customer_id,
        completed_month as month,
        {{- profit_part_columns({'service_cost': 'sum(cost)'}) }}
    from service_orders
    group by customer_id, completed_month
    union all
    select
        customer_id,
        month,
        {{- profit_part_columns({'reward_cost': 'sum(reward_cost)'}, {'reward_cost': 'count(*) - count(reward_cost)'}) }}
    from rewards
    group by customer_id, month
),

summed as (
    select
        items.customer_id,
        items.month,
        {%- for part in parts %}
        {{ measure('coalesce(sum(items.' ~ part ~ '), 0)') }} as {{ part }},
        {%- endfor %}
        {%- for part in priced_costs() %}
        sum(items.unpriced_{{ part }}) as unpriced_{{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from items
    inner join customers on items.customer_id = customers.customer_id
    where items.month is not null
    group by items.customer_id, items.month
),

-- those whose cases happen to have a price would pass for all customers of the month
known as (
    select
        customer_id,
        month,
        {%- for part in parts %}
        {%- if part in priced_costs() %}
        case when sum(unpriced_{{ part }}) over (partition by month) = 0 then {{ part }} end as {{ part }}{{ ',' if not loop.last }}
        {%- else %}
        {{ part }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from summed
)

select
    customer_id,
    month,
    {%- for part in parts %}
    {{ part }},
    {%- endfor %}
    {{ measure('net_sales - sales_without_cost - product_cost') }} as revenue,
    {{ measure('interaction_cost + ticket_cost + compensation_cost + service_cost') }} as serving_cost,
    {{ measure(profit_costs() | join(' + ')) }} as relationship_cost
from known
