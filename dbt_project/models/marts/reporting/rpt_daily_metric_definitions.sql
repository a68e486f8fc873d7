-- depends_on: {{ ref('metric_lineage') }}
{% if execute %}
{{ metric_definition_rows(declared_daily_metrics(), {'usual_weeks': 'cast(' ~ var('usual_weeks') ~ ' as integer)'}) }}
{% endif %}
