"""What a cluster needs before documents come, as data and as the steps to put it there.

Owns the table of fields, the index template made of it, the lifecycle policy, and their
installation. Must not know monitors, the store or how documents are delivered.
"""
