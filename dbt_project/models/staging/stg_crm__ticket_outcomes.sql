{{ latest_rows('ticket_outcomes') }}
