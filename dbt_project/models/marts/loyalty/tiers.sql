with members as (
    select
        member_id,
        source_system,
        customer_id,
        {{ local_month('joined_at') }} as joined_month,
        case when status = 'left' then {{ local_month('updated_at') }} end as left_month
    from {{ ref('stg_crm__loyalty_members') }}
),

customer_months as (
    select month, customer_id, store_id, region, spend_in_window
    from {{ ref('fct_customer_month') }}
),

rules as (
    select tier, tier_rank, min_spend, valid_from, valid_to
    from {{ ref('tier_rules') }}
),

months as (
    select month, month_end_date
    from {{ ref('int_core__months') }}
),

-- the cut points in force on the last day of the month, with the step above
steps as (
    select
        months.month,
        rules.tier,
        rules.tier_rank,
        rules.min_spend,
        lead(rules.tier) over (partition by months.month order by rules.tier_rank) as next_tier,
        lead(rules.min_spend) over (partition by months.month order by rules.tier_rank) as next_min_spend
    from months
    inner join rules
        on
            months.month_end_date >= rules.valid_from
            and months.month_end_date <= coalesce(rules.valid_to, months.month_end_date)
),

graded as (
    select
        customer_months.month,
        members.member_id,
        members.source_system,
        members.customer_id,
        customer_months.store_id,
        customer_months.region,
        members.joined_month,
        customer_months.spend_in_window,
        steps.tier,
        steps.tier_rank,
        steps.next_tier,
        steps.next_min_spend,
        lag(steps.tier) over (partition by members.member_id order by customer_months.month) as previous_tier,
        lag(steps.tier_rank) over (partition by members.member_id order by customer_months.month) as previous_tier_rank
    from members
    inner join customer_months
        on
            members.customer_id = customer_months.customer_id
            and customer_months.month >= members.joined_month
            and (members.left_month is null or customer_months.month < members.left_month)
    inner join steps
        on
            customer_months.month = steps.month
            and greatest(customer_months.spend_in_window, 0) >= steps.min_spend
            and (steps.next_min_spend is null or customer_months.spend_in_window < steps.next_min_spend)
),

-- stays in one tier are numbered, so that the months of a stay can be counted
stays as (
    select
        month,
        member_id,
        source_system,
        customer_id,
        store_id,
        region,
        joined_month,
        spend_in_window,
        tier,
        tier_rank,
        next_tier,
        next_min_spend,
        previous_tier,
        previous_tier_rank,
        sum(case when previous_tier = tier then 0 else 1 end) over (
            partition by member_id order by month rows between unbounded preceding and current row
        ) as stay
    from graded
)

select
    month,
    member_id,
    source_system,
    customer_id,
    store_id,
    region,
    spend_in_window,
    tier,
    tier_rank,
    previous_tier,
    case
        when month = joined_month then 'joined'
        when tier_rank > previous_tier_rank then 'upgrade'
        when tier_rank < previous_tier_rank then 'downgrade'
        when tier_rank = previous_tier_rank then 'same'
    end as movement,
    row_number() over (partition by member_id, stay order by month) as months_in_tier,
    next_tier,
    {{ measure('next_min_spend - spend_in_window') }} as spend_to_next,
    case
        when next_min_spend is not null
            then spend_in_window >= next_min_spend * {{ measure(1 - var('near_next_tier_share')) }}
    end as is_near_next
from stays
