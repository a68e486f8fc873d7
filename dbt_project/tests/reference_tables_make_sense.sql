-- What a company edits in the reference tables, looked at on every day on which one begins or ceases to be in force: a row per table and
-- day on which it makes no sense.
with grade_cuts as (
    select grade, up_to_share, valid_from, valid_to from {{ ref('grade_cuts') }}
),

weights as (
    select servqual_dimension, weight, valid_from, valid_to from {{ ref('servqual_weights') }}
),

tier_rules as (
    select tier, tier_rank, min_spend, valid_from, valid_to from {{ ref('tier_rules') }}
),

cut_days as (
    select valid_from as day from grade_cuts
    union
    select {{ add_days('valid_to', 1) }} as day from grade_cuts
),

weight_days as (
    select valid_from as day from weights
    union
    select {{ add_days('valid_to', 1) }} as day from weights
),

tier_days as (
    select valid_from as day from tier_rules
    union
    select {{ add_days('valid_to', 1) }} as day from tier_rules
),

cuts_in_force as (
    select
        cut_days.day,
        grade_cuts.up_to_share,
        lag(grade_cuts.up_to_share) over (partition by cut_days.day order by grade_cuts.grade) as share_before
    from cut_days
    inner join grade_cuts on {{ in_force('grade_cuts', 'cut_days.day') }}
),

tiers_in_force as (
    select
        tier_days.day,
        tier_rules.min_spend,
        lag(tier_rules.min_spend) over (partition by tier_days.day order by tier_rules.tier_rank) as spend_before
    from tier_days
    inner join tier_rules on {{ in_force('tier_rules', 'tier_days.day') }}
    -- a tier that no spend earns only has its place
    where tier_rules.min_spend is not null
)

select
    'grade_cuts: up_to_share must rise from grade to grade and end at 1' as problem,
    day
from cuts_in_force
group by day
having max(up_to_share) <> 1 or count(case when up_to_share <= coalesce(share_before, 0) then 1 end) > 0
union all
select
    'servqual_weights: the weights of the five dimensions must sum to 100, none below 0' as problem,
    weight_days.day
from weight_days
inner join weights on {{ in_force('weights', 'weight_days.day') }}
group by weight_days.day
having sum(weights.weight) <> 100 or min(weights.weight) < 0 or count(distinct weights.servqual_dimension) <> 5 or count(*) <> 5
union all
select
    'tier_rules: min_spend must begin at 0 and rise with tier_rank' as problem,
    day
from tiers_in_force
group by day
having min(min_spend) <> 0 or count(case when min_spend <= spend_before then 1 end) > 0
