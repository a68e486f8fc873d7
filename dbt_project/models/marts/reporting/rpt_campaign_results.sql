{#- counts by the column that tells them -#}
{%- set reported = {
    'sent': 'campaign_contacts.sent_at',
    'delivered': 'campaign_contacts.delivered',
    'opened': 'campaign_contacts.opened_at',
    'clicked': 'campaign_contacts.clicked_at',
    'controls': 'campaign_contacts.is_control',
    'coupons_issued': 'coupons.campaign_id',
    'coupons_redeemed': 'coupons.redeemed_at',
} -%}
{%- set bought = 'orders.customer_id' -%}
with results as (
    select
        judged_month,
        campaign_id,
        name,
        channel,
        goal,
        starts_at,
        unripe,
        addressees,
        converted,
        conversion_rate,
        control_conversion_rate,
        lift,
        lift_low,
        lift_high,
        verdict,
        revenue,
        incremental_revenue,
        incremental_revenue_low,
        incremental_revenue_high,
        cost,
        revenue_per_cost,
        return_on_spend,
        bought_anyway_share,
        {{ reported.keys() | join(',\n        ') }}
    from {{ ref('campaign_results') }}
    where judged_month is not null
),

supplied as (
    {{ supplied_columns(reported.values() | list + [bought]) | indent(4) }}
)

select
    results.judged_month as month,
    results.campaign_id,
    results.name,
    results.channel,
    results.goal,
    {{ local_date('results.starts_at') }} as start_date,
    {{ if_supplied(reported.sent, 'results.sent') }} as sent,
    {{ if_supplied(reported.sent, if_supplied(reported.delivered, 'results.delivered')) }} as delivered,
    {{ if_supplied(reported.sent, if_supplied(reported.opened, 'results.opened')) }} as opened,
    {{ if_supplied(reported.sent, if_supplied(reported.clicked, 'results.clicked')) }} as clicked,
    results.unripe,
    results.addressees,
    {{ if_supplied(bought, 'results.converted') }} as converted,
    {{ if_supplied(bought, 'results.conversion_rate') }} as conversion_rate,
    {{ if_supplied(reported.controls, 'results.controls') }} as controls,
    {{ if_supplied(bought, 'results.control_conversion_rate') }} as control_conversion_rate,
    {{ if_supplied(bought, 'results.lift') }} as lift,
    {{ if_supplied(bought, 'results.lift_low') }} as lift_low,
    {{ if_supplied(bought, 'results.lift_high') }} as lift_high,
    {{ if_supplied(bought, 'results.verdict') }} as verdict,
    {{ if_supplied(bought, 'results.revenue') }} as revenue,
    {{ if_supplied(bought, 'results.incremental_revenue') }} as incremental_revenue,
    {{ if_supplied(bought, 'results.incremental_revenue_low') }} as incremental_revenue_low,
    {{ if_supplied(bought, 'results.incremental_revenue_high') }} as incremental_revenue_high,
    results.cost,
    {{ if_supplied(bought, 'results.revenue_per_cost') }} as revenue_per_cost,
    {{ if_supplied(bought, 'results.return_on_spend') }} as return_on_spend,
    {{ if_supplied(reported.coupons_issued, 'results.coupons_issued') }} as coupons_issued,
    {{ if_supplied(reported.coupons_issued, if_supplied(reported.coupons_redeemed, 'results.coupons_redeemed')) }} as coupons_redeemed,
    {{ if_supplied(bought, 'results.bought_anyway_share') }} as bought_anyway_share
from results
cross join supplied
