{{ attribute_versions('customers', ['store_id', 'region', 'status']) }}
