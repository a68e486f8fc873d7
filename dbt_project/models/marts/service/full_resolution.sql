{{ ended_tickets('solved', [
    'reopens',
    'full_resolution_calendar_minutes',
    'full_resolution_business_minutes',
    'agent_work_business_minutes',
    'requester_wait_business_minutes',
    'agent_wait_calendar_minutes',
    'on_hold_calendar_minutes',
]) }}
