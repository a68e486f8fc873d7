{{ latest_rows('agent_training') }}
