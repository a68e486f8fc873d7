{{ attribute_versions('stores', ['region', 'department', 'time_zone', 'schedule_id']) }}
