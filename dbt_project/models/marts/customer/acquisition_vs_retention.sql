{%- set amounts = ['stated_cost', 'acquire_campaign_cost', 'retention_campaign_cost', 'reward_cost', 'recovery_cost'] -%}
with months as (
    select month, {{ add_months('month', 1 - var('window_months')) }} as first_month from {{ ref('int_core__months') }}
),

covered as (
    select min(month) as first_month from months
),

customers as (
    select acquired_month, acquisition_cost
    from {{ ref('dim_customer') }}
    where acquired_month is not null
),

campaigns as (
    select goal, cost, started_month as month
    from {{ ref('int_loyalty__campaigns') }}
    where started_month is not null and goal in ('acquire', 'retain', 'win_back')
),

profit_months as (
    select month, reward_cost, compensation_cost from {{ ref('int_customer__profit_months') }}
),

customer_months as (
    select month, count(*) as active_customers
    from {{ ref('fct_customer_month') }}
    where is_active
    group by month
),

items as (
    select
        acquired_month as month,
        count(*) as new_customers,
        coalesce(sum(acquisition_cost), 0) as stated_cost,
        0 as acquire_campaign_cost,
        0 as retention_campaign_cost,
        0 as reward_cost,
        0 as recovery_cost
    from customers
    group by acquired_month
    union all
    select
        month,
        0 as new_customers,
        0 as stated_cost,
        coalesce(sum(case when goal = 'acquire' then cost else 0 end), 0) as acquire_campaign_cost,
        coalesce(sum(case when goal <> 'acquire' then cost else 0 end), 0) as retention_campaign_cost,
        0 as reward_cost,
        0 as recovery_cost
    from campaigns
    group by month
    union all
    select
        month,
        0 as new_customers,
        0 as stated_cost,
        0 as acquire_campaign_cost,
        0 as retention_campaign_cost,
        sum(reward_cost) as reward_cost,
        sum(compensation_cost) as recovery_cost
    from profit_months
    group by month
),

windows as (
    select
        months.month,
        sum(items.new_customers) as new_customers,
        {%- for amount in amounts %}
        {{ measure(sum_if_all_known('items.' ~ amount)) }} as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    cross join covered
    inner join items on items.month >= months.first_month and items.month <= months.month
    where months.first_month >= covered.first_month
    group by months.month
),

costed as (
    select
        windows.month,
        cast(windows.new_customers as bigint) as new_customers,
        coalesce(customer_months.active_customers, 0) as active_customers,
        {%- for amount in amounts %}
        windows.{{ amount }},
        {%- endfor %}
        {{ measure('windows.stated_cost + windows.acquire_campaign_cost') }} as acquisition_cost,
        {{ measure('windows.retention_campaign_cost + windows.reward_cost + windows.recovery_cost') }} as retention_cost
    from windows
    left join customer_months on windows.month = customer_months.month
)

select
    month,
    new_customers,
    active_customers,
    {{ amounts | join(',\n    ') }},
    acquisition_cost,
    retention_cost,
    {{ measure(divide('acquisition_cost', 'new_customers')) }} as cost_per_customer_won,
    {{ measure(divide('retention_cost', 'active_customers')) }} as cost_per_customer_kept,
    {{ measure(divide(divide('acquisition_cost', 'new_customers'), divide('retention_cost', 'active_customers'))) }} as multiple
from costed
