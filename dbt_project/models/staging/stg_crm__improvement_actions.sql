{{ latest_rows('improvement_actions') }}
