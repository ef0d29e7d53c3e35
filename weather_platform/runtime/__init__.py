"""How the platform's processes run on one machine: Dagster's home, its servers, a warm worker, and who watches them.

What they compute belongs in `defs/`, what they answer in `api/` and `dash_app/`.
"""
