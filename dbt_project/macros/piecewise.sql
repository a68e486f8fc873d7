{# A continuous line of three pieces through weighted points, the two breaks found by trying every pair of inner points, as SQL that
   DuckDB and Spark both run; checked against numpy's least squares over the same grid in tests/dbt/test_piecewise.py. #}


{# The best line of each group, as CTEs of which the last is piecewise_fit: the points of a group with the fitted value, the breaks,
   and the Bayesian information criterion of the three pieces and of one straight line, both over single cases. points: a CTE of
   groups, x, n (cases) and successes (cases with outcome 1, the others 0). At least four points a group.

   Least squares of 1, x, (x - break_1)+ and (x - break_2)+ by orthogonalising each against those before it, one a CTE: the residual sum
   of squares is that of the outcomes less what each explains. Parameters: 2 of the line; 4 and the 2 breaks of the pieces. #}
{% macro piecewise_ctes(points, groups) -%}
{%- set keys = groups | join(', ') -%}
{%- set part = keys ~ ', break_1, break_2' -%}
piecewise_points as (
    select
        {{ keys }},
        cast(x as double) as x,
        cast(n as double) as n,
        cast(successes as double) / n as y,
        cast(x as double) - sum(cast(x as double) * n) over (partition by {{ keys }}) / sum(cast(n as double)) over (partition by {{ keys }})
            as x_1,
        sum(cast(n as double)) over (partition by {{ keys }}) as cases,
        sum(cast(successes as double)) over (partition by {{ keys }}) as total,
        min(cast(x as double)) over (partition by {{ keys }}) as x_min,
        max(cast(x as double)) over (partition by {{ keys }}) as x_max
    from {{ points }}
    where n > 0
),

-- what the straight line leaves of the sum of squares
piecewise_line as (
    select
        {{ keys }},
        sum(n * x_1 * y) / nullif(sum(n * x_1 * x_1), 0e0) as slope,
        max(total) - max(total) * max(total) / max(cases)
        - coalesce(power(sum(n * x_1 * y), 2) / nullif(sum(n * x_1 * x_1), 0e0), 0e0) as rest
    from piecewise_points
    group by {{ keys }}
),

piecewise_pairs as (
    select
        {% for key in groups %}one.{{ key }}, {% endfor %}
        one.x as break_1,
        two.x as break_2
    from piecewise_points as one
    inner join piecewise_points as two
        on {% for key in groups %}one.{{ key }} = two.{{ key }} and {% endfor %}one.x < two.x
    where one.x > one.x_min and two.x < two.x_max
),

piecewise_hinges as (
    select
        {% for key in groups %}points.{{ key }}, {% endfor %}
        pairs.break_1,
        pairs.break_2,
        points.x,
        points.n,
        points.y,
        points.x_1,
        greatest(points.x - pairs.break_1, 0e0) as hinge_1,
        greatest(points.x - pairs.break_2, 0e0) as hinge_2
    from piecewise_pairs as pairs
    inner join piecewise_points as points
        on {% for key in groups %}pairs.{{ key }} = points.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
),

piecewise_first as (
    select
        {{ part }}, x, n, y, x_1, hinge_2,
        hinge_1 - sum(n * hinge_1) over (partition by {{ part }}) / sum(n) over (partition by {{ part }})
        - x_1 * sum(n * hinge_1 * x_1) over (partition by {{ part }}) / sum(n * x_1 * x_1) over (partition by {{ part }}) as h_1
    from piecewise_hinges
),

piecewise_second as (
    select
        {{ part }}, x, n, y, x_1, h_1,
        hinge_2 - sum(n * hinge_2) over (partition by {{ part }}) / sum(n) over (partition by {{ part }})
        - x_1 * sum(n * hinge_2 * x_1) over (partition by {{ part }}) / sum(n * x_1 * x_1) over (partition by {{ part }})
        - h_1 * sum(n * hinge_2 * h_1) over (partition by {{ part }}) / nullif(sum(n * h_1 * h_1) over (partition by {{ part }}), 0e0) as h_2
    from piecewise_first
),

piecewise_shares as (
    select
        {{ part }},
        sum(n * y) / sum(n) as level,
        sum(n * h_1 * y) / nullif(sum(n * h_1 * h_1), 0e0) as share_1,
        sum(n * h_2 * y) / nullif(sum(n * h_2 * h_2), 0e0) as share_2,
        coalesce(power(sum(n * h_1 * y), 2) / nullif(sum(n * h_1 * h_1), 0e0), 0e0)
        + coalesce(power(sum(n * h_2 * y), 2) / nullif(sum(n * h_2 * h_2), 0e0), 0e0) as explained
    from piecewise_second
    group by {{ part }}
),

piecewise_best as (
    select
        {{ part }}, level, share_1, share_2, explained,
        row_number() over (partition by {{ keys }} order by round(explained, 9) desc, break_1, break_2) as place
    from piecewise_shares
),

piecewise_fit as (
    select
        {% for key in groups %}points.{{ key }}, {% endfor %}
        points.x,
        best.break_1,
        best.break_2,
        best.level + line.slope * points.x_1 + best.share_1 * second.h_1 + best.share_2 * second.h_2 as fitted,
        points.cases * ln(greatest(line.rest, 1e-9) / points.cases) + 2e0 * ln(points.cases) as bic_line,
        points.cases * ln(greatest(line.rest - best.explained, 1e-9) / points.cases) + 6e0 * ln(points.cases) as bic_pieces
    from piecewise_points as points
    inner join piecewise_line as line
        on {% for key in groups %}points.{{ key }} = line.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    inner join piecewise_best as best
        on {% for key in groups %}points.{{ key }} = best.{{ key }} and {% endfor %}best.place = 1
    inner join piecewise_second as second
        on
            {% for key in groups %}points.{{ key }} = second.{{ key }} and {% endfor %}
            points.x = second.x and best.break_1 = second.break_1 and best.break_2 = second.break_2
)
{%- endmacro %}
