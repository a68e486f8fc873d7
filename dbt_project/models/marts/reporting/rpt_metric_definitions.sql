-- depends_on: {{ ref('metric_lineage') }}
{% if execute %}
{{ metric_definition_rows(declared_metrics()) }}
{% endif %}
