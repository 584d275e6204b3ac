"""Picture export: the order, the manifest of finished pictures, the exporter and its window."""
