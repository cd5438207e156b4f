"""The staff shell: dashboard, staff, settings of the newsroom."""
