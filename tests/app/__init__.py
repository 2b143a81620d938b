"""A newcomer's tour of an application: read `test_first_steps.py`, then whatever you need next."""
