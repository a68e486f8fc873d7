{{ latest_rows('agent_shifts') }}
