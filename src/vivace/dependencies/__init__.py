"""A door: the modules that third parties import to work with dependency trees."""
