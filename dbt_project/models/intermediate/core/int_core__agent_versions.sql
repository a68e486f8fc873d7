{{ attribute_versions('agents', ['team', 'store_id']) }}
