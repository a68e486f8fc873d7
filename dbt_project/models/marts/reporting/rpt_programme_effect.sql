with known as (
    {{ known_figures(['programme_effect_enrolled']) | indent(4) }}
),

-- without a programme nobody is a member
strata as (
    select
        strata.month,
        strata.members,
        strata.others,
        strata.is_matched,
        strata.members_spend,
        strata.difference,
        strata.difference_variance
    from {{ ref('programme_effect') }} as strata
    cross join known
    where known.programme_effect_enrolled
),

summed as (
    select
        month,
        {{ int_sum('case when is_matched then members else 0 end') }} as matched_members,
        {{ int_sum('case when is_matched then others else 0 end') }} as matched_others,
        {{ int_sum('case when is_matched then 0 else members end') }} as unmatched_members,
        sum(case when is_matched then members_spend end) as members_spend,
        sum(case when is_matched then {{ wide_measure('members * cast(difference as double)') }} end) as weighted_difference,
        sum(case when is_matched then {{ wide_measure('power(cast(members as double), 2) * difference_variance') }} end) as weighted_variance
    from strata
    group by month
),

compared as (
    select
        month,
        matched_members,
        matched_others,
        unmatched_members,
        {{ divide('members_spend', 'matched_members') }} as members_mean_spend,
        {{ divide('weighted_difference', 'matched_members') }} as difference,
        {{ divide('sqrt(weighted_variance)', 'matched_members') }} as standard_error
    from summed
)

select
    month,
    matched_members,
    matched_others,
    unmatched_members,
    {{ measure('members_mean_spend') }} as members_mean_spend,
    {{ measure('difference') }} as difference,
    {{ measure('difference - ' ~ z_975() ~ ' * standard_error') }} as ci_low,
    {{ measure('difference + ' ~ z_975() ~ ' * standard_error') }} as ci_high,
    matched_members < {{ var('min_n') }} as is_too_few
from compared
