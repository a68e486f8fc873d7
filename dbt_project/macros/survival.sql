{# Kaplan-Meier with delayed entry (E. L. Kaplan and P. Meier, JASA 1958) as SQL that DuckDB and Spark both run; checked
   against lifelines in tests/dbt/test_survival.py. #}


{# The curve of each group, as CTEs of which the last is survival_curve: per group and whole step of time from 0 on the
   number at risk, who died and who left unharmed at the step, the share surviving it and the variance of ln of that share
   (Greenwood). spans: a CTE of groups, entered (0 = from the start), left_after, is_event and customers; someone is at risk
   at the steps entered + 1 to left_after. A step where all at risk die ends the curve: the logarithm of 0 is never asked. #}
{% macro survival_ctes(spans, groups) -%}
{%- set keys = groups | join(', ') -%}
survival_ends as (
    select {{ keys }}, max(left_after) as last_step
    from {{ spans }}
    group by {{ keys }}
),

survival_tallies as (
    select {{ keys }}, entered as step, customers as came, 0 as went, 0 as died from {{ spans }}
    union all
    select {{ keys }}, left_after as step, 0 as came, customers as went, case when is_event then customers else 0 end as died
    from {{ spans }}
    union all
    select {{ keys }}, {{ int_series('cast(0 as bigint)', 'cast(last_step as bigint)') }} as step, 0 as came, 0 as went, 0 as died from survival_ends
),

survival_steps as (
    select
        {{ keys }},
        step,
        cast(sum(came) as bigint) as came,
        cast(sum(went) as bigint) as went,
        cast(sum(died) as bigint) as died
    from survival_tallies
    group by {{ keys }}, step
),

survival_risks as (
    select
        {{ keys }},
        step,
        died,
        went - died as censored,
        cast(coalesce(sum(came - went) over (
            partition by {{ keys }} order by step rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as at_risk
    from survival_steps
),

survival_curve as (
    select
        {{ keys }},
        step,
        at_risk,
        died,
        censored,
        case
            when max(case when died > 0 and died = at_risk then 1 else 0 end) over (
                partition by {{ keys }} order by step rows between unbounded preceding and current row
            ) = 1 then 0e0
            else exp(sum(case when died > 0 and died < at_risk then ln(1e0 - cast(died as double) / at_risk) else 0e0 end) over (
                partition by {{ keys }} order by step rows between unbounded preceding and current row
            ))
        end as survival,
        sum(case when died > 0 and died < at_risk then cast(died as double) / (cast(at_risk as double) * (at_risk - died)) else 0e0 end) over (
            partition by {{ keys }} order by step rows between unbounded preceding and current row
        ) as log_variance
    from survival_risks
)
{%- endmacro %}

{# 95 % bound of a survival share by its log-log, which stays between 0 and 1; null at 0 and 1. side: low or high. #}
{% macro survival_bound(survival, log_variance, side) -%}
    {%- set sign = '+' if side == 'low' else '-' -%}
    (case
        when {{ survival }} > 0e0 and {{ survival }} < 1e0
            then power({{ survival }}, exp({{ sign }} 1.959963984540054e0 * sqrt({{ log_variance }}) / abs(ln({{ survival }}))))
    end)
{%- endmacro %}
