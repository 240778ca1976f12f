"""Programs that call skills, written by a language model or a person, and run contained (docs/programs.md).

What runs inside the container, `child` and what it imports, needs nothing but Python's own library.
"""
