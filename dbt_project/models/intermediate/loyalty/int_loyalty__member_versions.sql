{{ attribute_versions('loyalty_members', ['tier']) }}
