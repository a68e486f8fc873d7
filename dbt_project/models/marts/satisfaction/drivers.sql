{#- Shapley shares of R^2 (LMG: Lindeman, Merenda and Gold 1980) in SQL that needs no loop. Each regressor in turn doubles the
   rows: one where it stays out, one where it is swept out of the correlation matrix (a Gaussian step). After all k of them
   every subset is a row whose last entry is 1 - R^2 of the regression on that subset, and the share of a regressor is a
   weighted sum over the rows. 2^k rows of a few columns: right for any k, cheap up to about 14.
   A regressor that never varies, or that the others determine, is swept to nothing and gets no more than is left.
   shapley_1 ... shapley_k start from correlations, which have r_i_j, 0 <= i <= j <= k, 0 the outcome. The last has, for every
   subset, size, in_1 ... in_k and r_0_0 = 1 - R^2. -#}
{%- set k = var('drivers_max_attributes') -%}
{%- set slots = range(1, k + 1) | list -%}
{%- set factorials = [1] -%}
{%- for n in slots -%}{%- do factorials.append(factorials[-1] * n) -%}{%- endfor -%}
{%- set cases = namespace(r='', share='') -%}
{%- for i in slots -%}
{%- set cases.r = cases.r ~ ' when ' ~ i ~ ' then correlations.r_0_' ~ i -%}
{%- set cases.share = cases.share ~ ' when ' ~ i ~ ' then shares.share_' ~ i -%}
{%- endfor -%}
with answers as (
    select
        survey_id, form as instrument, item_id, response_month, dimension, attribute,
        {{ score_of_measure('score') }} as score
    from {{ ref('fct_survey_answer') }}
    where
        respondent_type = 'customer' and side in ('score', 'perception') and score is not null
        and coalesce(dimension, '') not in ('against_expectation', 'against_ideal')
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

overall as (
    select survey_id, instrument, response_month, max(score) as score
    from answers
    where dimension = 'overall'
    group by survey_id, instrument, response_month
),

rated as (
    select
        answers.survey_id, answers.instrument, answers.item_id, answers.attribute, answers.score
    from answers
    inner join overall on answers.survey_id = overall.survey_id
    where coalesce(answers.dimension, '') <> 'overall'
),

answered as (
    select
        instrument, item_id, coalesce(max(attribute), item_id) as attribute, count(*) as answers_count
    from rated
    group by instrument, item_id
),

sheets_of_instrument as (
    select instrument, count(*) as sheets_count
    from overall
    group by instrument
),

-- one slot per attribute that at least half of the sheets answer, the most answered ones first
slots as (
    select
        answered.instrument, answered.item_id, answered.attribute,
        row_number() over (partition by answered.instrument order by answered.answers_count desc, answered.item_id) as slot
    from answered
    inner join sheets_of_instrument on answered.instrument = sheets_of_instrument.instrument
    where 2 * answered.answers_count >= sheets_of_instrument.sheets_count
),

slots_used as (
    select instrument, max(slot) as slots_used
    from slots
    where slot <= {{ k }}
    group by instrument
),

sheets as (
    select
        rated.survey_id,
        rated.instrument,
        count(*) as rated_count,
        {%- for i in slots %}
        max(case when slots.slot = {{ i }} then rated.score end) as x_{{ i }}{{ ',' if not loop.last }}
        {%- endfor %}
    from rated
    inner join slots on rated.instrument = slots.instrument and rated.item_id = slots.item_id
    where slots.slot <= {{ k }}
    group by rated.survey_id, rated.instrument
),

-- sheets that answer every attribute in a slot
complete_sheets as (
    select
        overall.instrument,
        overall.response_month,
        overall.score as x_0,
        {%- for i in slots %}
        coalesce(sheets.x_{{ i }}, 0) as x_{{ i }}{{ ',' if not loop.last }}
        {%- endfor %}
    from sheets
    inner join slots_used on sheets.instrument = slots_used.instrument and sheets.rated_count = slots_used.slots_used
    inner join overall on sheets.survey_id = overall.survey_id
),

monthly_sums as (
    select
        instrument,
        response_month,
        count(*) as n
        {%- for i in [0] + slots %},
        sum(x_{{ i }}) as s_{{ i }}
        {%- endfor -%}
        {%- for i in [0] + slots -%}
        {%- for j in [0] + slots if j >= i %},
        sum(x_{{ i }} * x_{{ j }}) as q_{{ i }}_{{ j }}
        {%- endfor -%}
        {%- endfor %}
    from complete_sheets
    group by instrument, response_month
),

sums as (
    select
        windows.month,
        monthly_sums.instrument,
        {{ int_sum('monthly_sums.n') }} as n
        {%- for i in [0] + slots %},
        cast(sum(monthly_sums.s_{{ i }}) as double) as s_{{ i }}
        {%- endfor -%}
        {%- for i in [0] + slots -%}
        {%- for j in [0] + slots if j >= i %},
        cast(sum(monthly_sums.q_{{ i }}_{{ j }}) as double) as q_{{ i }}_{{ j }}
        {%- endfor -%}
        {%- endfor %}
    from monthly_sums
    inner join windows on monthly_sums.response_month = windows.window_month
    group by windows.month, monthly_sums.instrument
),

deviations as (
    select
        month, instrument, n
        {%- for i in [0] + slots %},
        sqrt(greatest(q_{{ i }}_{{ i }} - s_{{ i }} * s_{{ i }} / n, 0e0)) as d_{{ i }}
        {%- endfor -%}
        {%- for i in [0] + slots -%}
        {%- for j in [0] + slots if j >= i %},
        q_{{ i }}_{{ j }} - s_{{ i }} * s_{{ j }} / n as c_{{ i }}_{{ j }}
        {%- endfor -%}
        {%- endfor %}
    from sums
),

correlations as (
    select
        month, instrument, n
        {%- for i in [0] + slots -%}
        {%- for j in [0] + slots if j >= i %},
        case when d_{{ i }} * d_{{ j }} > 1e-9 then c_{{ i }}_{{ j }} / (d_{{ i }} * d_{{ j }}) else 0e0 end as r_{{ i }}_{{ j }}
        {%- endfor -%}
        {%- endfor %}
    from deviations
    where n > 2 and d_0 > 1e-9
),

shapley_choices as (
    select {{ int_series(0, 1) }} as taken
)
{%- for step in range(1, k + 1) %},

shapley_{{ step }} as (
    select
        states.month,
        states.instrument,
        {{ 'states.size + ' if step > 1 }}choices.taken as size
        {%- for done in range(1, step) %},
        states.in_{{ done }}
        {%- endfor %},
        choices.taken as in_{{ step }}
        {%- for i in [0] + range(step + 1, k + 1) | list -%}
        {%- for j in [0] + range(step + 1, k + 1) | list if j >= i %},
        {%- set a = 'states.r_' ~ [0, i] | max ~ '_' ~ j %}
        {%- set i_step = 'states.r_0_' ~ step if i == 0 else 'states.r_' ~ step ~ '_' ~ i %}
        {%- set j_step = 'states.r_0_' ~ step if j == 0 else 'states.r_' ~ step ~ '_' ~ j %}
        {%- set pivot = 'states.r_' ~ step ~ '_' ~ step %}
        case when choices.taken = 1 and {{ pivot }} > 1e-9 then {{ a }} - {{ i_step }} * {{ j_step }} / {{ pivot }} else {{ a }} end as r_{{ i }}_{{ j }}
        {%- endfor -%}
        {%- endfor %}
    from {{ 'correlations' if step == 1 else 'shapley_' ~ (step - 1) }} as states
    cross join shapley_choices as choices
)
{%- endfor %},

-- an aggregate over the subsets, of decimals: the sum of doubles would depend on the order of the rows
shares as (
    select
        month,
        instrument,
        max(1 - r_0_0) as r2
        {%- for i in slots %},
        sum(cast((1 - r_0_0) * case
            {%- for size in range(0, k + 1) %}
            when size = {{ size }} then case when in_{{ i }} = 1
                then {{ factorials[size - 1] * factorials[k - size] / factorials[k] if size > 0 else 0 }}
                else {{ -1 * factorials[size] * factorials[k - size - 1] / factorials[k] if size < k else 0 }} end
            {%- endfor %}
        end as decimal(38, 18))) as share_{{ i }}
        {%- endfor %}
    from shapley_{{ k }}
    group by month, instrument
),

attributes as (
    select
        shares.month,
        shares.instrument,
        slots.item_id,
        slots.attribute,
        correlations.n,
        {{ measure('case slots.slot' ~ cases.r ~ ' end') }} as correlation,
        {{ measure('case slots.slot' ~ cases.share ~ ' end') }} as r2_part,
        {{ measure('shares.r2') }} as r2
    from shares
    inner join slots on shares.instrument = slots.instrument
    inner join correlations on shares.month = correlations.month and shares.instrument = correlations.instrument
    where slots.slot <= {{ k }}
)

select
    month,
    instrument,
    item_id,
    attribute,
    n,
    correlation,
    r2_part,
    r2,
    {{ measure(divide('r2_part', 'r2')) }} as r2_share,
    row_number() over (partition by month, instrument order by r2_part desc, item_id) as place
from attributes
