{{ attribute_versions('sla_policies', ['clock', 'target_minutes']) }}
