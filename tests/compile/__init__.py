"""The compiler: what is written for an endpoint, how it is debugged, when it is written anew, what a request costs."""
