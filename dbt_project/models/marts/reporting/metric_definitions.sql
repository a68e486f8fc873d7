{% if execute %}
{{ metric_definition_rows(declared_metrics()) }}
{% endif %}
