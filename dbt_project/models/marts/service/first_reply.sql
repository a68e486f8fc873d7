{{ ended_tickets('first_reply', ['first_reply_calendar_minutes', 'first_reply_business_minutes']) }}
