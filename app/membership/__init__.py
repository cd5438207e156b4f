"""Who supports us: joining, changing, leaving, standing."""
