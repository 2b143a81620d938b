"""What the harness concludes, not what it measures: a timing is never a test."""
