{# Intervals and tests of the reported figures, as SQL that DuckDB and Spark both run. No engine has them built in, and a
   figure must carry its interval on either. Arguments are SQL expressions as text (columns are best: most are used more
   than once); every result is a double. Literals carry an exponent because both engines read 1.5e0 as a double and 1.5 as
   a decimal. Checked against independent values in tests/dbt/test_statistics.py. #}


{# 0.975 quantile of the normal distribution: half the width of a 95 % interval in standard errors. #}
{% macro z_975() -%} 1.959963984540054e0 {%- endmacro %}


{% macro horner(x, coefficients) -%}
    {%- set sum = namespace(sql=coefficients[0]) -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set sum.sql = '(' ~ sum.sql ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ sum.sql }}
{%- endmacro %}

{# Two-sided p value of a standard normal z: 2 (1 - Phi(|z|)).
   Hart's algorithm 5666 as given by G. West, "Better approximations to cumulative normal functions" (2005), to 14 digits;
   a continued fraction beyond |z| = 7.07. #}
{% macro two_sided_p(z) -%}
    {%- set x = 'abs(' ~ z ~ ')' -%}
    {%- set upper = horner(x, [
        '3.52624965998911e-2', '0.700383064443688e0', '6.37396220353165e0', '33.912866078383e0', '112.079291497871e0',
        '221.213596169931e0', '220.206867912376e0',
    ]) -%}
    {%- set lower = horner(x, [
        '8.83883476483184e-2', '1.75566716318264e0', '16.064177579207e0', '86.7807322029461e0', '296.564248779674e0',
        '637.333633378831e0', '793.826512519948e0', '440.413735824752e0',
    ]) -%}
    (case
        when {{ z }} is null then null
        when {{ x }} > 37e0 then 0e0
        when {{ x }} < 7.07106781186547e0 then 2e0 * exp(-0.5e0 * {{ x }} * {{ x }}) * {{ upper }} / {{ lower }}
        else 2e0 * exp(-0.5e0 * {{ x }} * {{ x }}) / 2.506628274631e0
            / ({{ x }} + 1e0 / ({{ x }} + 2e0 / ({{ x }} + 3e0 / ({{ x }} + 4e0 / ({{ x }} + 0.65e0)))))
    end)
{%- endmacro %}

{# The normal z of the same p value as a Student t with df degrees of freedom: Wallace's approximation, within 0.2 % of z
   from 10 degrees on; figures are compared only from min_n on. #}
{% macro t_to_z(t, df) -%}
    (sign({{ t }}) * (8e0 * ({{ df }}) + 1e0) / (8e0 * ({{ df }}) + 3e0)
        * sqrt(({{ df }}) * ln(1e0 + {{ t }} * {{ t }} / ({{ df }}))))
{%- endmacro %}


{# ---- intervals, 95 % ---- #}

{# Wilson score interval of a proportion (E. B. Wilson, JASA 1927); side: low or high. #}
{% macro wilson_bound(successes, n, side) -%}
    {%- set count = 'nullif(cast(' ~ n ~ ' as double), 0)' -%}
    {%- set share = '(cast(' ~ successes ~ ' as double) / ' ~ count ~ ')' -%}
    {%- set z = z_975() -%}
    {%- set centre = '(' ~ share ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (2e0 * ' ~ count ~ '))' -%}
    {%- set reach = z ~ ' * sqrt(greatest(' ~ share ~ ' * (1e0 - ' ~ share ~ '), 0e0) / ' ~ count
        ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (4e0 * ' ~ count ~ ' * ' ~ count ~ '))' -%}
    {%- set scale = '(1e0 + ' ~ z ~ ' * ' ~ z ~ ' / ' ~ count ~ ')' -%}
    {%- if side == 'low' -%}
    (case when {{ n }} > 0 then greatest(({{ centre }} - {{ reach }}) / {{ scale }}, 0e0) end)
    {%- else -%}
    (case when {{ n }} > 0 then least(({{ centre }} + {{ reach }}) / {{ scale }}, 1e0) end)
    {%- endif -%}
{%- endmacro %}

{# Student's t interval of a mean from its variance and t for n - 1 degrees of freedom. Of a quantity that cannot be below an
   end and is open above it is taken of the logarithm of the mean's distance from that end (delta method): values pile up at
   the end and reach far above it, so the plain interval reaches below the end and too seldom up to the mean. Covered instead
   of 95 % of n = 30: exponential 93 (plain) and 94 (logarithm), lognormal with sigma 1.5 78 and 83, nine zeros of ten 76 and
   85 (tests/dbt/test_quantiles.py); cutting the plain one off at the end would leave its coverage as it is. Of values not
   below the end the standard error is at most the mean's distance from it. #}
{% macro mean_bound(value, variance, t, range_low, range_high, side) -%}
    {%- set sign = '-' if side == 'low' else '+' -%}
    {%- set above = '(' ~ value ~ ' - cast(' ~ range_low ~ ' as double))' -%}
    (case
        when {{ range_high }} is null and {{ above }} > 0e0
            then cast({{ range_low }} as double) + {{ above }} * exp({{ sign }} cast({{ t }} as double) * least(sqrt({{ variance }}) / {{ above }}, 1e0))
        else {{ value }} {{ sign }} cast({{ t }} as double) * sqrt({{ variance }})
    end)
{%- endmacro %}

{# Interval of the difference of two independent proportions from the Wilson bounds of each (R. G. Newcombe, Statistics in
   Medicine 1998, method 10); side: low or high. #}
{% macro difference_bound(successes_1, n_1, successes_2, n_2, side) -%}
    {%- set share_1 = '(cast(' ~ successes_1 ~ ' as double) / nullif(cast(' ~ n_1 ~ ' as double), 0))' -%}
    {%- set share_2 = '(cast(' ~ successes_2 ~ ' as double) / nullif(cast(' ~ n_2 ~ ' as double), 0))' -%}
    {%- set near, far, sign = ('low', 'high', '-') if side == 'low' else ('high', 'low', '+') -%}
    ({{ share_1 }} - {{ share_2 }} {{ sign }} sqrt(
        power({{ share_1 }} - {{ wilson_bound(successes_1, n_1, near) }}, 2)
        + power({{ share_2 }} - {{ wilson_bound(successes_2, n_2, far) }}, 2)
    ))
{%- endmacro %}

{# Interval of a Poisson count by Byar's approximation of the exact one (Breslow and Day 1987, chapter 2): within 1 % of
   the exact bound from 5 events on; the exact one needs gamma quantiles, which neither engine has. #}
{% macro poisson_bound(events, side) -%}
    {%- if side == 'low' -%}
    {%- set x = 'cast(' ~ events ~ ' as double)' -%}
    (case when {{ x }} > 0e0
        then {{ x }} * power(1e0 - 1e0 / (9e0 * {{ x }}) - {{ z_975() }} / (3e0 * sqrt({{ x }})), 3)
        when {{ x }} = 0e0 then 0e0
    end)
    {%- else -%}
    {%- set x = '(cast(' ~ events ~ ' as double) + 1e0)' -%}
    ({{ x }} * power(1e0 - 1e0 / (9e0 * {{ x }}) + {{ z_975() }} / (3e0 * sqrt({{ x }})), 3))
    {%- endif -%}
{%- endmacro %}

{# Place, from 1 for the smallest, of the value that begins (side low) or ends (high) the distribution-free 95 % interval of
   the q quantile of n values (H. A. David, Order Statistics): the outermost places that B, binomial(n, q), falls short of or
   reaches with a chance of at most 2.5 % each. Below 1 or above n where so few values have no such interval: a median needs
   6, a 90th percentile 36. The binomial quantile is that of the Cornish-Fisher expansion to its third term, put right where
   that misses it: exact up to n = 1,000; beyond, at most one place too wide, for one n in a thousand. #}
{% macro quantile_place(n, q, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set v = q * (1 - q) -%}
    {%- set skew = (z ** 2 - 1) * (1 - 2 * q) / 6 -%}
    {%- set reach = z * v ** 0.5 -%}
    {%- set third = v ** 0.5 * ((z ** 3 - 3 * z) * (1 - 6 * v) / v / 24 - (2 * z ** 3 - 5 * z) * (1 - 2 * q) ** 2 / v / 36) -%}
    {%- set missed = {
        (0.5, 'low'): [17, 67, 138, 190, 267, 438, 551, 651, 846],
        (0.5, 'high'): [17, 67, 138, 190, 267, 438, 551, 651, 846],
        (0.9, 'low'): [43, 50, 412, 447, 562, 859],
        (0.9, 'high'): [36, 54, 70, 85, 127, 154, 167, 267, 363, 583, 685, 730, 875],
    }[q, side] -%}
    {%- set root = 'sqrt(cast(greatest(' ~ n ~ ', 1) as double))' -%}
    {%- set sign = '-' if side == 'low' else '+' -%}
    (cast(ceil({{ n }} * {{ '%.17g' | format(q) }}e0 {{ sign }} ({{ '%.17g' | format(reach) }}e0 * {{ root }}
        + ({{ '%.17g' | format(third) }}e0) / {{ root }}) + ({{ '%.17g' | format(skew - 0.5) }}e0)) as bigint)
        + {{ 0 if side == 'low' else 1 }} {{ '+' if side == 'low' else '-' }} case when {{ n }} in ({{ missed | join(', ') }}) then 1 else 0 end)
{%- endmacro %}


{# ---- variance of an estimate: its squared standard error ---- #}

{% macro proportion_variance(successes, n) -%}
    (case when {{ n }} > 0 then
        cast({{ successes }} as double) * ({{ n }} - cast({{ successes }} as double)) / power(cast({{ n }} as double), 3)
    end)
{%- endmacro %}

{# s^2 / n with the n - 1 sample variance; null for one observation. #}
{% macro mean_variance(total, squares, n) -%}
    (case when {{ n }} > 1 then greatest(
        cast({{ squares }} as double) - power(cast({{ total }} as double), 2) / {{ n }}, 0e0
    ) / ({{ n }} - 1e0) / {{ n }} end)
{%- endmacro %}

{# Variance of p - d in [-1, 1]: [p + d - (p - d)^2] / n, where net = promoters - detractors, opinionated = promoters +
   detractors. #}
{% macro nps_variance(net, opinionated, n) -%}
    (case when {{ n }} > 0 then greatest(
        cast({{ opinionated }} as double) / {{ n }} - power(cast({{ net }} as double) / {{ n }}, 2), 0e0
    ) / {{ n }} end)
{%- endmacro %}


{# ---- tests: each gives a z (or t) that two_sided_p turns into a p value ---- #}

{# Difference of two estimates in standard errors. Where both variances are 0 the figures are certain: no difference
   is z 0, any other is beyond doubt. #}
{% macro z_of_difference(value_1, variance_1, value_2, variance_2) -%}
    (case
        when {{ variance_1 }} + {{ variance_2 }} > 0e0
            then ({{ value_1 }} - {{ value_2 }}) / sqrt({{ variance_1 }} + {{ variance_2 }})
        when {{ variance_1 }} + {{ variance_2 }} = 0e0
            then 38e0 * sign({{ value_1 }} - {{ value_2 }})
    end)
{%- endmacro %}
{# Difference of two medians or quantiles from their distribution-free intervals alone: the interval of the difference takes
   from each the distance to the end that faces the other (G. Y. Zou and A. Donner, Statistics in Medicine 2008, as Newcombe
   does for proportions), and z is the difference in half-widths of it. Those distances stand for the standard error by order
   statistics (R. S. Woodruff, JASA 1952; R. M. Price and D. G. Bonett, J. Stat. Comput. Simul. 2002), each side by itself:
   with one error for both sides, values with many ties are called three to eight times too often. Intervals are closed, so a
   difference that only just reaches is none. #}
{% macro z_of_quantiles(value_1, low_1, high_1, value_2, low_2, high_2) -%}
    {%- set reach_1 = 'cast(case when ' ~ value_1 ~ ' > ' ~ value_2 ~ ' then ' ~ value_1 ~ ' - ' ~ low_1 ~ ' else ' ~ high_1 ~ ' - ' ~ value_1 ~ ' end as double)' -%}
    {%- set reach_2 = 'cast(case when ' ~ value_1 ~ ' > ' ~ value_2 ~ ' then ' ~ high_2 ~ ' - ' ~ value_2 ~ ' else ' ~ value_2 ~ ' - ' ~ low_2 ~ ' end as double)' -%}
    (case
        when {{ low_1 }} is null or {{ high_1 }} is null or {{ low_2 }} is null or {{ high_2 }} is null then null
        when {{ value_1 }} = {{ value_2 }} then 0e0
        when {{ reach_1 }} <= 0e0 and {{ reach_2 }} <= 0e0 then 38e0 * sign({{ value_1 }} - {{ value_2 }})
        else (1e0 - 1e-6) * {{ z_975() }} * ({{ value_1 }} - {{ value_2 }}) / sqrt(power({{ reach_1 }}, 2) + power({{ reach_2 }}, 2))
    end)
{%- endmacro %}

{# Two proportions, pooled variance. All or none in both is z 0. #}
{% macro z_two_proportions(successes_1, n_1, successes_2, n_2) -%}
    {%- set pooled = '((cast(' ~ successes_1 ~ ' as double) + cast(' ~ successes_2 ~ ' as double)) / (cast(' ~ n_1
        ~ ' as double) + cast(' ~ n_2 ~ ' as double)))' -%}
    (case
        when not ({{ n_1 }} > 0 and {{ n_2 }} > 0) then null
        when {{ pooled }} * (1e0 - {{ pooled }}) <= 0e0 then 0e0
        else (cast({{ successes_1 }} as double) / {{ n_1 }} - cast({{ successes_2 }} as double) / {{ n_2 }})
            / sqrt({{ pooled }} * (1e0 - {{ pooled }}) * (1e0 / {{ n_1 }} + 1e0 / {{ n_2 }}))
    end)
{%- endmacro %}

{# Welch's t of two means as the normal z of the same p value; variances are those of the means (Welch-Satterthwaite
   degrees of freedom). #}
{% macro z_welch(mean_1, variance_1, n_1, mean_2, variance_2, n_2) -%}
    {%- set t = z_of_difference(mean_1, variance_1, mean_2, variance_2) -%}
    {%- set df = 'power(' ~ variance_1 ~ ' + ' ~ variance_2 ~ ', 2) / (power(' ~ variance_1 ~ ', 2) / (' ~ n_1
        ~ ' - 1e0) + power(' ~ variance_2 ~ ', 2) / (' ~ n_2 ~ ' - 1e0))' -%}
    (case
        when not ({{ n_1 }} > 1 and {{ n_2 }} > 1) then null
        when {{ variance_1 }} + {{ variance_2 }} > 0e0 then {{ t_to_z(t, df) }}
        else {{ t }}
    end)
{%- endmacro %}

{# Two Poisson rates, events per exposure, by square roots, which make the variance of a count the same everywhere
   (Huffman 1984; Gu and others, Biometrical Journal 2008). #}
{% macro z_two_rates(events_1, exposure_1, events_2, exposure_2) -%}
    {%- set ratio = '(cast(' ~ exposure_1 ~ ' as double) / nullif(cast(' ~ exposure_2 ~ ' as double), 0))' -%}
    (2e0 * (sqrt(cast({{ events_1 }} as double) + 0.375e0) - sqrt({{ ratio }} * (cast({{ events_2 }} as double) + 0.375e0)))
        / sqrt(1e0 + {{ ratio }}))
{%- endmacro %}


{# ---- many tests at once ---- #}

{# Benjamini and Hochberg (1995) in two steps, because a window cannot hold a window: the place of a p value in its
   family, then the p value adjusted. The family's tests whose adjusted p is at most the rate are called. #}
{% macro bh_place(p, family) -%}
    row_number() over (partition by {{ family }} order by {{ p }})
{%- endmacro %}

{% macro bh_tests(p, family) -%}
    count({{ p }}) over (partition by {{ family }})
{%- endmacro %}

{% macro bh_adjusted_p(p, place, tests, family) -%}
    min({{ p }} * {{ tests }} / {{ place }}) over (
        partition by {{ family }} order by {{ place }} rows between current row and unbounded following
    )
{%- endmacro %}
