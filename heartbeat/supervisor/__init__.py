"""Several processes that share the monitors, and the one that supervises them.

Owns starting, watching and ending workers, and speaking for all of them: to the service
manager, on the endpoint, by the exit code. Must not know what a worker does.
"""
