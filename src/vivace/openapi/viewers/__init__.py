"""The files of the documentation pages: starters and looks of our own here, the viewers' own programs in `fetched/`."""
