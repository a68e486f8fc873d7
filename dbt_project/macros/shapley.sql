{# Shapley shares of R^2 (LMG: Lindeman, Merenda and Gold 1980) in SQL that needs no loop. Each regressor in turn doubles the
   rows: one where it stays out, one where it is swept out of the correlation matrix (a Gaussian step). After all k of them
   every subset is a row whose last entry is 1 - R^2 of the regression on that subset, and the share of a regressor is a
   weighted sum over the rows. 2^k rows of a few columns: right for any k, cheap up to about 14.
   A regressor that never varies, or that the others determine, is swept to nothing and gets no more than is left. #}


{# CTEs shapley_1 ... shapley_k over `source`, which has the columns of `keys` and r_i_j, 0 <= i <= j <= k, 0 the outcome. The
   last has, for every subset, size, in_1 ... in_k and r_0_0 = 1 - R^2. #}
{% macro shapley_ctes(source, keys, k) -%}
shapley_choices as (
    select {{ int_series(0, 1) }} as taken
)
{%- for step in range(1, k + 1) %},

shapley_{{ step }} as (
    select
        {%- for key in keys %}
        states.{{ key }},
        {%- endfor %}
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
    from {{ source if step == 1 else 'shapley_' ~ (step - 1) }} as states
    cross join shapley_choices as choices
)
{%- endfor %}
{%- endmacro %}

{# The share of regressor i, an aggregate over the subsets. The sum is over decimals: that of doubles would depend on the
   order of the rows. #}
{% macro shapley_share(i, k) -%}
{%- set factorials = [1] -%}
{%- for n in range(1, k + 1) -%}{%- do factorials.append(factorials[-1] * n) -%}{%- endfor -%}
sum(cast((1 - r_0_0) * case
            {%- for size in range(0, k + 1) %}
            when size = {{ size }} then case when in_{{ i }} = 1
                then {{ factorials[size - 1] * factorials[k - size] / factorials[k] if size > 0 else 0 }}
                else {{ -1 * factorials[size] * factorials[k - size - 1] / factorials[k] if size < k else 0 }} end
            {%- endfor %}
        end as decimal(38, 18)))
{%- endmacro %}
