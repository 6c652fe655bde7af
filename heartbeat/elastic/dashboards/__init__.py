"""Dashboards for Kibana, described in Python and turned into its saved objects.

Owns what is shown and where. Must not talk to Kibana.
"""
