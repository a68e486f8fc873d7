with members as (
    select
        member_id,
        source_system,
        customer_id,
        joined_month,
        left_month
    from {{ ref('int_loyalty__memberships') }}
),

versions as (
    select member_id, tier, valid_from, valid_to
    from {{ ref('int_loyalty__member_versions') }}
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
    select month, month_end_at, month_end_date
    from {{ ref('int_core__months') }}
),

-- in force on the last day of the month
ranks as (
    select
        months.month,
        rules.tier,
        rules.tier_rank,
        rules.min_spend
    from months
    inner join rules
        on
            months.month_end_date >= rules.valid_from
            and months.month_end_date <= coalesce(rules.valid_to, months.month_end_date)
),

-- the cut points, with the step above; a tier that no spend earns only has its place
steps as (
    select
        month,
        tier,
        tier_rank,
        min_spend,
        lead(tier) over (partition by month order by tier_rank) as next_tier,
        lead(min_spend) over (partition by month order by tier_rank) as next_min_spend
    from ranks
    where min_spend is not null
),

member_months as (
    select
        customer_months.month,
        members.member_id,
        members.source_system,
        members.customer_id,
        customer_months.store_id,
        customer_months.region,
        members.joined_month,
        customer_months.spend_in_window,
        versions.tier as source_tier
    from members
    inner join customer_months
        on
            members.customer_id = customer_months.customer_id
            and customer_months.month >= members.joined_month
            and (members.left_month is null or customer_months.month < members.left_month)
    inner join months on customer_months.month = months.month
    left join versions
        on
            members.member_id = versions.member_id
            and months.month_end_at > versions.valid_from
            and months.month_end_at <= versions.valid_to
),

graded as (
    select
        member_months.month,
        member_months.member_id,
        member_months.source_system,
        member_months.customer_id,
        member_months.store_id,
        member_months.region,
        member_months.joined_month,
        member_months.spend_in_window,
        steps.tier,
        steps.tier_rank,
        steps.next_tier,
        steps.next_min_spend,
        lag(steps.tier) over (partition by member_months.member_id order by member_months.month) as previous_tier,
        lag(steps.tier_rank) over (partition by member_months.member_id order by member_months.month) as previous_tier_rank,
        member_months.source_tier,
        ranks.tier_rank as source_tier_rank,
        lag(member_months.source_tier) over (partition by member_months.member_id order by member_months.month) as previous_source_tier,
        lag(ranks.tier_rank) over (partition by member_months.member_id order by member_months.month) as previous_source_tier_rank
    from member_months
    left join steps
        on
            member_months.month = steps.month
            and member_months.spend_in_window is not null
            and greatest(member_months.spend_in_window, 0) >= steps.min_spend
            and (steps.next_min_spend is null or member_months.spend_in_window < steps.next_min_spend)
    left join ranks
        on
            member_months.month = ranks.month
            and member_months.source_tier = ranks.tier
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
        source_tier,
        source_tier_rank,
        previous_source_tier,
        previous_source_tier_rank,
        sum(case when previous_tier = tier then 0 else 1 end) over (
            partition by member_id order by month rows between unbounded preceding and current row
        ) as stay,
        sum(case when previous_source_tier = source_tier then 0 else 1 end) over (
            partition by member_id order by month rows between unbounded preceding and current row
        ) as source_stay
    from graded
    where tier is not null or source_tier is not null
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
    {{ tier_movement('tier', 'tier_rank', 'previous_tier_rank') }} as movement,
    case when tier is not null then row_number() over (partition by member_id, stay order by month) end as months_in_tier,
    next_tier,
    {{ measure('next_min_spend - spend_in_window') }} as spend_to_next,
    case
        when next_min_spend is not null
            then spend_in_window >= next_min_spend * {{ measure(1 - var('near_next_tier_share')) }}
    end as is_near_next,
    source_tier,
    source_tier_rank,
    previous_source_tier,
    {{ tier_movement('source_tier', 'source_tier_rank', 'previous_source_tier_rank') }} as source_movement,
    case when source_tier is not null then row_number() over (partition by member_id, source_stay order by month) end as months_in_source_tier
from stays
