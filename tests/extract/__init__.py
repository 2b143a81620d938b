"""Values from a request's data: every way to declare a parameter, and every way to send or not to send it."""
