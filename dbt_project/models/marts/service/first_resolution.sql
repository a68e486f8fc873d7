{{ ended_tickets('first_resolved', ['first_resolution_calendar_minutes', 'first_resolution_business_minutes']) }}
