with contacts as (
    select
        campaign_id, is_control, sent_at, is_delivered, is_opened, is_clicked, judged_month, judged_date, is_converted, revenue, margin
    from {{ ref('fct_campaign_contact') }}
),

campaigns as (
    select campaign_id, source_system, name, channel, goal, starts_at, ends_at, cost from {{ ref('int_loyalty__campaigns') }}
),

coupons as (
    select campaign_id, is_redeemed from {{ ref('fct_coupon') }} where campaign_id is not null
),

coupon_counts as (
    select
        campaign_id,
        count(*) as coupons_issued,
        count(case when is_redeemed then 1 end) as coupons_redeemed
    from coupons
    group by campaign_id
),

summed as (
    select
        campaign_id,
        count(sent_at) as sent,
        count(case when is_delivered then 1 end) as delivered,
        count(case when is_opened then 1 end) as opened,
        count(case when is_clicked then 1 end) as clicked,
        count(case when not is_control and is_converted is null then 1 end) as unripe,
        max(case when is_converted is not null then judged_month end) as judged_month,
        count(case when not is_control and is_converted is not null then 1 end) as addressees,
        count(case when not is_control and is_converted then 1 end) as converted,
        count(case when is_control and is_converted is not null then 1 end) as controls,
        count(case when is_control and is_converted then 1 end) as control_converted,
        {{ measure('sum(case when not is_control then revenue end)') }} as revenue,
        sum(case when not is_control then {{ measure_squared('revenue') }} end) as revenue_squares,
        {{ measure('sum(case when is_control then revenue end)') }} as control_revenue,
        sum(case when is_control then {{ measure_squared('revenue') }} end) as control_revenue_squares,
        {{ measure('sum(case when not is_control then margin end)') }} as margin,
        {{ measure('sum(case when is_control then margin end)') }} as control_margin
    from contacts
    group by campaign_id
),

compared as (
    select
        campaign_id,
        sent,
        delivered,
        opened,
        clicked,
        unripe,
        judged_month,
        addressees,
        converted,
        controls,
        control_converted,
        revenue,
        margin,
        {{ divide('converted', 'addressees') }} as conversion_rate,
        {{ divide('control_converted', 'controls') }} as control_conversion_rate,
        {{ two_sided_p(z_two_proportions('converted', 'addressees', 'control_converted', 'controls')) }} as p,
        case when controls > 0 then {{ difference_bound('converted', 'addressees', 'control_converted', 'controls', 'low') }} end
            as lift_low,
        case when controls > 0 then {{ difference_bound('converted', 'addressees', 'control_converted', 'controls', 'high') }} end
            as lift_high,
        {{ divide('revenue', 'addressees') }} - {{ divide('control_revenue', 'controls') }} as revenue_lift,
        sqrt(
            {{ mean_variance('revenue', 'revenue_squares', 'addressees') }}
            + {{ mean_variance('control_revenue', 'control_revenue_squares', 'controls') }}
        ) as revenue_lift_error,
        {{ divide('margin', 'addressees') }} - {{ divide('control_margin', 'controls') }} as margin_lift
    from summed
)

select
    campaigns.campaign_id,
    campaigns.source_system,
    campaigns.name,
    campaigns.channel,
    campaigns.goal,
    campaigns.starts_at,
    campaigns.ends_at,
    compared.judged_month,
    coalesce(compared.sent, 0) as sent,
    coalesce(compared.delivered, 0) as delivered,
    coalesce(compared.opened, 0) as opened,
    coalesce(compared.clicked, 0) as clicked,
    coalesce(compared.unripe, 0) as unripe,
    coalesce(compared.addressees, 0) as addressees,
    coalesce(compared.converted, 0) as converted,
    {{ measure('compared.conversion_rate') }} as conversion_rate,
    coalesce(compared.controls, 0) as controls,
    coalesce(compared.control_converted, 0) as control_converted,
    {{ measure('compared.control_conversion_rate') }} as control_conversion_rate,
    {{ measure('compared.conversion_rate - compared.control_conversion_rate') }} as lift,
    {{ measure('compared.lift_low') }} as lift_low,
    {{ measure('compared.lift_high') }} as lift_high,
    {{ measure('compared.p') }} as p,
    case
        when coalesce(compared.controls, 0) = 0 then 'no_control'
        when least(compared.addressees, compared.controls) < {{ var('min_n') }} then 'too_few'
        when compared.lift_low > 0 then 'works'
        when compared.lift_high < 0 then 'harms'
        else 'no_clear_effect'
    end as verdict,
    compared.revenue,
    {{ measure('compared.revenue_lift * compared.addressees') }} as incremental_revenue,
    {{ measure('(compared.revenue_lift - ' ~ z_975() ~ ' * compared.revenue_lift_error) * compared.addressees') }} as incremental_revenue_low,
    {{ measure('(compared.revenue_lift + ' ~ z_975() ~ ' * compared.revenue_lift_error) * compared.addressees') }} as incremental_revenue_high,
    {{ measure('compared.margin_lift * compared.addressees') }} as incremental_margin,
    {{ measure('campaigns.cost') }} as cost,
    {{ measure(divide('compared.revenue', 'campaigns.cost')) }} as revenue_per_cost,
    {{ measure(divide('compared.revenue_lift * compared.addressees', 'campaigns.cost')) }} as return_on_spend,
    coalesce(coupon_counts.coupons_issued, 0) as coupons_issued,
    coalesce(coupon_counts.coupons_redeemed, 0) as coupons_redeemed,
    case
        when coupon_counts.coupons_issued > 0 and compared.controls > 0
            then {{ measure('least(' ~ divide('compared.control_conversion_rate', 'compared.conversion_rate') ~ ', 1)') }}
    end as bought_anyway_share
from campaigns
inner join compared on campaigns.campaign_id = compared.campaign_id
left join coupon_counts on campaigns.campaign_id = coupon_counts.campaign_id
