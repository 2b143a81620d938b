"""Generated requests, with the fast lanes and without: the same bytes less `Date`. Long: `lanes`."""

from __future__ import annotations

import asyncio

from reliability.lanes import compare

CONVERSATIONS = 1250  # of four requests


def test_the_lanes_give_the_same_answers(server: str) -> None:
    result = asyncio.run(compare(server, 1, range(CONVERSATIONS)))
    assert not result.differences, "\n".join(map(str, result.differences[:3]))
    assert result.responded > CONVERSATIONS, "the lanes were not taken, so that nothing was compared"
    assert result.bodies > CONVERSATIONS / 2
