"""What vivace's reliability is shown with: instruments, and long runs of one command each.

    python -m reliability desync --count 1000000 --seed 7     # one run
    python -m reliability all                                 # every run, then docs/reliability.md

Nothing here is part of the package. Every run takes `--count` and `--seed`, shows its progress, leaves nothing behind
when it is interrupted, and writes one small result to `reliability/results/`. The same functions with small counts are
the tests of `tests/reliability`. Read `wire.py` (a connection without a socket), `answers.py` and `reference.py` (two
judges that share no code with the server) first.
"""
