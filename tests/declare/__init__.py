"""The declared values: what a program writes down, before anything is planned or answered."""
