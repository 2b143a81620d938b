"""A small web shop: the example to read first when you start an application of your own."""
