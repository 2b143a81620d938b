"""What type checkers and editors see of vivace's public API."""
