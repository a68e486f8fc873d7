{# P(alive) of BG/NBD (Fader, Hardie and Lee 2005) from repeat days x, the last of them on day t_x of an age of t days; fit
   names the row of parameters, whose times are weeks. 1 by formula where x is 0: a customer drops out only after a repeat. #}
{% macro p_alive(x, t_x, t, fit) -%}
    (case
        when {{ x }} = 0 then 1e0
        else 1e0 / (1e0 + exp(least(
            ln({{ fit }}.a / ({{ fit }}.b + {{ x }} - 1))
                + ({{ fit }}.r + {{ x }}) * ln(({{ fit }}.alpha + {{ t }} / 7e0) / ({{ fit }}.alpha + {{ t_x }} / 7e0)),
            700e0
        )))
    end)
{%- endmacro %}
