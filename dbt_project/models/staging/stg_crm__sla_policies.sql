{{ latest_rows('sla_policies') }}
