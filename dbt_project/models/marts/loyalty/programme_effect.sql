with customer_months as (
    select month, customer_id, type, grade, tenure_months, is_active, spend_6_months, spend_in_window
    from {{ ref('fct_customer_month') }}
),

memberships as (
    select customer_id, joined_month, is_left, left_month
    from {{ ref('int_loyalty__memberships') }}
),

months as (
    select month from {{ ref('int_core__months') }}
),

last_month as (
    select max(month) as month from months
),

-- only the months a report compares
compared_months as (
    select
        months.month,
        {{ add_months('months.month', '-6') }} as base_month
    from months
    inner join last_month
        on {{ is_compared_month('months.month', 'last_month.month') }}
),

-- a person may have left with one membership and hold another
members as (
    select distinct
        compared_months.base_month,
        memberships.customer_id
    from compared_months
    inner join memberships
        on
            compared_months.base_month >= memberships.joined_month
            and (not memberships.is_left or compared_months.base_month < memberships.left_month)
),

-- as they stood when they were matched, with what they spent in the six months after
matched as (
    select
        compared_months.month,
        base.customer_id,
        base.type,
        base.grade,
        case
            when base.tenure_months < 6 then '00-05'
            when base.tenure_months < 12 then '06-11'
            when base.tenure_months < 24 then '12-23'
            when base.tenure_months >= 24 then '24+'
            else 'unknown'
        end as tenure_band,
        case
            when base.spend_6_months > 1 then cast(floor(ln(cast(base.spend_6_months as double)) / ln(2e0)) as integer)
            else 0
        end as spend_band,
        members.customer_id is not null as is_member,
        outcome.spend_6_months as spend
    from compared_months
    inner join customer_months as base on compared_months.base_month = base.month
    inner join customer_months as outcome on compared_months.month = outcome.month and base.customer_id = outcome.customer_id
    left join members on base.customer_id = members.customer_id and base.month = members.base_month
    where base.is_active and base.grade is not null
),

strata as (
    select
        month,
        type,
        grade,
        tenure_band,
        spend_band,
        {%- for side, condition in [('members', 'is_member'), ('others', 'not is_member')] %}
        count(case when {{ condition }} then 1 end) as {{ side }},
        {{ measure('sum(case when ' ~ condition ~ ' then spend else 0 end)') }} as {{ side }}_spend,
        sum(case when {{ condition }} then {{ measure_squared('spend') }} else 0 end) as {{ side }}_squares
        {{- ',' if not loop.last }}
        {%- endfor %}
    from matched
    group by month, type, grade, tenure_band, spend_band
)

select
    month,
    type,
    grade,
    tenure_band,
    spend_band,
    members,
    others,
    members >= 2 and others >= 2 as is_matched,
    members_spend,
    others_spend,
    {{ measure(divide('members_spend', 'members') ~ ' - ' ~ divide('others_spend', 'others')) }} as difference,
    case
        when members >= 2 and others >= 2
            then {{ mean_variance('members_spend', 'members_squares', 'members') }} + {{ mean_variance('others_spend', 'others_squares', 'others') }}
    end as difference_variance
from strata
