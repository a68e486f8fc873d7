{{ attribute_versions('tickets', ['store_id', 'channel', 'category']) }}
