"""The lookup: which route answers, asking as few of them as possible."""
