"""What dbt's Python models call. It stands with them and is part of the version of the code, as they are."""
