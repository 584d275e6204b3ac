"""Configurations of training runs: frozen, validated, convertible to and from JSON."""
