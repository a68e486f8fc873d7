{% if execute %}
{{ figure_identity_rows() }}
{% endif %}
