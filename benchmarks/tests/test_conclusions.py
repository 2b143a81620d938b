"""From made-up readings to what counts, what is void, and what a report says about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.compare import Comparison, compare
from benchmarks.contenders import CONTENDERS, Contender, choose, with_peers
from benchmarks.machine import Wait
from benchmarks.report import Run, as_json, as_markdown, notes, table
from benchmarks.rounds import Turn, last_attempts, play
from benchmarks.summary import Spread, goal_of, number, relations, rows, spread
from benchmarks.turns import Reading, Settings
from benchmarks.workloads import WORKLOADS, Cold, Goals, Measure, Workload, select

FASTAPI, VIVACE = choose(["fastapi", "vivace"])
IDLE, BUSY = Wait(0.5, 0.01), Wait(30.0, 0.4)
W1, W8, W8_3 = select(["W1", "W8"])
SETTINGS = Settings(
    seconds=4, warmup=1, connections=32, idle_limit=30.0, soak_limit=45.0, server_core=0, load_core=1
)


def reading(
    rate: float, *, void: str | None = None, stolen: float = 0.0, wait: Wait = IDLE, **details: float
) -> Reading:
    return Reading({"requests/s": rate}, void, stolen, wait, details)


def turns(workload: Workload, contender: Contender, *rates: float) -> list[Turn]:
    return [
        Turn(workload.id, contender.name, number, 1, reading(rate)) for number, rate in enumerate(rates, 1)
    ]


def run_of(all_turns: list[Turn], rounds: int = 5) -> Run:
    return Run("the command", rounds, SETTINGS, [W1], [FASTAPI, VIVACE], all_turns)


# --- rounds -----------------------------------------------------------------------------------------------------------


def played(readings: Iterator[Reading], rounds: int) -> list[Turn]:
    return play(
        rounds,
        [W1],
        [FASTAPI, VIVACE],
        plays=lambda contender, workload: True,
        take=lambda workload, contender: next(readings),
        taken=lambda turn: None,
    )


def test_contenders_alternate() -> None:
    order = [(turn.round, turn.contender) for turn in played(iter([reading(1)] * 4), rounds=2)]
    assert order == [(1, "fastapi"), (1, "vivace"), (2, "fastapi"), (2, "vivace")]


def test_a_turn_with_stolen_time_is_void_and_repeated() -> None:
    result = played(iter([reading(1), reading(2, stolen=0.021), reading(3)]), rounds=1)
    assert [(turn.contender, turn.attempt, turn.reading.void) for turn in result] == [
        ("fastapi", 1, None),
        ("vivace", 1, "2.1% of the time was stolen"),
        ("vivace", 2, None),
    ]
    assert [turn.reading.values["requests/s"] for turn in last_attempts(result)] == [1, 3]


def test_a_repeated_turn_with_stolen_time_stays_void() -> None:
    result = played(iter([reading(1, stolen=0.5)] * 6), rounds=1)
    assert [(turn.contender, turn.attempt) for turn in result] == [
        *(("fastapi", attempt) for attempt in (1, 2, 3)),
        *(("vivace", attempt) for attempt in (1, 2, 3)),
    ]
    assert {turn.reading.void for turn in last_attempts(result)} == {"50.0% of the time was stolen"}


def test_two_percent_is_not_more_than_two_percent() -> None:
    assert len(played(iter([reading(1, stolen=0.02)] * 2), rounds=1)) == 2


def test_a_fault_is_void_and_not_repeated() -> None:
    result = played(iter([reading(1), reading(2, void="3 of 9 answers were not 200")]), rounds=1)
    assert [turn.reading.void for turn in result] == [None, "3 of 9 answers were not 200"]


# --- summary ----------------------------------------------------------------------------------------------------------


def test_the_ratio_is_the_median_of_paired_ratios() -> None:
    # The ratio of the medians would be 20 / 10.
    _, row = rows([W1], [FASTAPI, VIVACE], turns(W1, FASTAPI, 1, 10, 100) + turns(W1, VIVACE, 20, 30, 10))
    assert row.own == spread([10, 20, 30])
    assert row.ratio == spread([20, 3, 0.1])
    assert (row.goal, row.met) == ("≥ 7", False)


def test_a_void_round_counts_for_no_ratio() -> None:
    theirs = turns(W1, FASTAPI, 10, 10)
    mine = [
        Turn("W1", "vivace", 1, 1, reading(20)),
        Turn("W1", "vivace", 2, 1, reading(999, void="a socket error")),
    ]
    _, row = rows([W1], [FASTAPI, VIVACE], theirs + mine)
    assert (row.own, row.ratio, row.void) == (spread([20]), spread([2]), 1)


def test_all_void_is_shown_as_void() -> None:
    void = [Turn("W1", name, 1, 1, reading(9, void="a socket error")) for name in ("fastapi", "vivace")]
    shown = rows([W1], [FASTAPI, VIVACE], void)
    assert [(row.own, row.ratio, row.met) for row in shown] == [(None, None, None)] * 2
    assert table(shown, with_measure=False).count("void") == 3


def test_goals_are_about_fastapi_and_named_peers() -> None:
    asgi, core = choose(["asgi", "vivace-uvicorn"])
    rate = Measure(
        "requests/s", "1/s", more_is_better=True, goals=Goals(core=3, whole=7, peers={"asgi": 1.6})
    )
    goals = [
        (contender.name, other.name, str(goal_of(rate, contender, other)))
        for contender in (FASTAPI, core, VIVACE)
        for other in (FASTAPI, asgi)
    ]
    assert goals == [
        ("fastapi", "fastapi", "None"),
        ("fastapi", "asgi", "None"),
        ("vivace-uvicorn", "fastapi", "≥ 3"),
        ("vivace-uvicorn", "asgi", "None"),
        ("vivace", "fastapi", "≥ 7"),
        ("vivace", "asgi", "≥ 1.6"),
    ]


def test_of_times_and_memory_the_goal_is_an_upper_bound() -> None:
    memory = Measure("memory", "MB", more_is_better=False, goals=Goals(whole=0.6))
    goal = goal_of(memory, VIVACE, FASTAPI)
    assert goal is not None
    assert (goal.met_by(0.6), goal.met_by(0.61), str(goal)) == (True, False, "≤ 0.6")


def test_a_million_requests_are_sent_once() -> None:
    (memory,) = select(["memory"])
    sent = play(
        5, [memory], [VIVACE], lambda *_: True, lambda *_: reading(1, stolen=0.5), taken=lambda turn: None
    )
    assert [(turn.round, turn.attempt, turn.reading.void) for turn in sent] == [(1, 1, None)]


def test_memory_per_request_is_judged_by_itself() -> None:
    (memory,) = select(["memory"])
    names = [measure.name for measure in memory.measures]
    slopes = {"fastapi": 0.0, "vivace": 0.7}
    taken = [
        Turn("memory", name, 1, 1, Reading(dict(zip(names, (slope, 50), strict=True)), None, 0.0, IDLE))
        for name, slope in slopes.items()
    ]
    theirs, ours = [row for row in rows([memory], [FASTAPI, VIVACE], taken) if row.measure == names[0]]
    assert (theirs.goal, theirs.met) == ("", None)
    assert (ours.ratio, ours.goal, ours.met) == (None, "≤ 1 KB", True)


def test_a_relation_compares_two_workloads_of_one_contender() -> None:
    both = turns(W8, VIVACE, 95, 95) + turns(W8_3, VIVACE, 100, 50)
    (row,) = relations([FASTAPI, VIVACE], both)
    assert (row.ratio, row.goal, row.met) == (spread([0.95, 1.9]), "≥ 0.9", True)


def test_a_relation_to_void_figures_is_void_not_absent() -> None:
    void = [Turn("W8-3", "vivace", 1, 1, reading(9, void="a socket error"))]
    (row,) = relations([VIVACE], turns(W8, VIVACE, 95) + void)
    assert (row.ratio, row.met) == (None, None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(41234.4, "41,234"), (100, "100"), (12.34, "12.3"), (1.234, "1.23"), (0.4564, "0.456")],
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


# --- report -----------------------------------------------------------------------------------------------------------


def test_nothing_to_note() -> None:
    stolen = "Stolen time in turns that count: median 0.0%, most 0.0%."
    assert notes(run_of(turns(W1, FASTAPI, 1, 1, 1, 1, 1))) == [stolen]


def test_turns_that_lost_time_share_a_note() -> None:
    lost = [reading(1, void=f"{share} of the time was stolen") for share in ("3.5%", "9.0%")]
    robbed = [Turn("W1", "vivace", 1, attempt, one) for attempt, one in enumerate(lost, 1)]
    assert notes(run_of([*robbed, *turns(W1, FASTAPI, 1)]))[0] == (
        "Void, because time was stolen (2 of 3 turns): W1 vivace round 1 (3.5%), W1 vivace round 1 attempt 2 (9.0%)."
    )


@pytest.mark.parametrize(
    ("doubtful", "sentence"),
    [
        (reading(1, void="a socket\n error"), "Void: W1 vivace round 1: a socket error."),
        (reading(1, generator_busy=0.99), "The load generator was saturated"),
        (reading(1, server_busy=0.5), "The server was less than 90% busy (1 of 1 turns): W1 vivace round 1."),
        (reading(1, other_busy=0.2), "Other programs used more than 10% of a core"),
        (reading(1, wait=BUSY), "Not for the record: the machine had other work"),
    ],
)
def test_what_makes_a_figure_doubtful_is_noted(doubtful: Reading, sentence: str) -> None:
    assert any(note.startswith(sentence) for note in notes(run_of([Turn("W1", "vivace", 1, 1, doubtful)])))


def test_a_note_mentions_some_turns_and_counts_the_rest() -> None:
    busy = [Turn("W1", "vivace", number, 1, reading(1, other_busy=0.2)) for number in range(1, 13)]
    (note,) = [note for note in notes(run_of(busy)) if note.startswith("Other programs")]
    assert "(12 of 12 turns): W1 vivace round 1, " in note
    assert note.endswith("W1 vivace round 10, and 2 more.")


def test_few_rounds_are_not_for_the_record() -> None:
    assert notes(run_of([], rounds=4)) == ["Not for the record: 4 of at least 5 rounds."]


def test_the_report_names_command_and_versions() -> None:
    slow, fast = (reading(rate, generator_busy=0.25) for rate in (10, 40))
    run = run_of([Turn("W1", "fastapi", 1, 1, slow), Turn("W1", "vivace", 1, 1, fast)])
    shown = rows(run.workloads, run.contenders, run.turns)
    text = as_markdown(run, shown, [], {"versions": {"python": "CPython 3.11"}}, drawn=[])
    assert (
        "| W1 | hello, JSON | vivace | 40.0 1/s (40.0–40.0) | 4.00× (4.00–4.00) fastapi | ≥ 7 | missed |"
        in text
    )
    assert "| W1 | wrk | vivace | 40.0 1/s | 25% |" in text
    assert "```sh\nthe command\n```" in text
    assert "| python | CPython 3.11 |" in text
    assert ".svg" not in text


# --- two runs ---------------------------------------------------------------------------------------------------------


def ratio(median: float, low: float, high: float) -> Spread:
    return Spread(median, low, high, count=5)


@pytest.mark.parametrize(
    ("first", "second", "agrees"),
    [
        (ratio(7.0, 6.5, 7.5), ratio(7.4, 7.3, 7.6), True),
        (ratio(7.0, 6.5, 7.5), ratio(8.0, 6.9, 8.5), True),  # the first's median lies in the second's spread
        (ratio(7.0, 6.5, 7.5), ratio(8.0, 7.1, 8.5), False),
        (ratio(7.0, 6.5, 7.5), None, None),
    ],
)
def test_ratios_agree_within_their_spread(first: Spread, second: Spread | None, agrees: bool | None) -> None:
    assert Comparison(("W1", "requests/s", "vivace", "fastapi"), first, second).agrees is agrees


def test_a_report_agrees_with_itself(tmp_path: Path) -> None:
    run = run_of(turns(W1, FASTAPI, 10, 11) + turns(W1, VIVACE, 70, 80))
    file = tmp_path / "report.json"
    file.write_text(as_json(run, rows(run.workloads, run.contenders, run.turns), [], {}))
    (same,) = compare(file, file)
    assert (same.key, same.agrees) == (("W1", "requests/s", "vivace", "fastapi"), True)


def test_what_is_no_report_is_named(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("[]")
    with pytest.raises(ValueError, match=r"other\.json is not a report\.json"):
        list(compare(file, file))


# --- choices ----------------------------------------------------------------------------------------------------------


def test_a_series_selects_all_of_it_in_the_order_of_the_table() -> None:
    assert [workload.id for workload in select(["w13", "W1"])] == [
        "W1",
        "W13-10",
        "W13-100",
        "W13-1000",
        "W13-3000",
    ]
    assert select([""]) == list(WORKLOADS)


def test_unknown_names_are_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match=r"no workload W99; there are: W1, W2"):
        select(["W99"])
    with pytest.raises(ValueError, match=r"no contender flask; there are: fastapi, vivace"):
        choose(["flask"])
    with pytest.raises(ValueError, match=r"each contender once"):
        choose(["vivace", "vivace"])


def test_every_load_has_an_app_and_contenders_name_known_workloads() -> None:
    apps = {file.stem for file in (Path(__file__).parent.parent / "apps").glob("[!_]*.py")}
    assert {workload.app for workload in WORKLOADS if not isinstance(workload, Cold)} <= apps
    named = [contender.workloads or frozenset() for contender in CONTENDERS]
    named += [contender.by_default or frozenset() for contender in CONTENDERS]
    assert frozenset().union(*named) <= {workload.id for workload in WORKLOADS}


def test_a_contender_without_a_framework_plays_the_loads_it_names() -> None:
    asgi, core = choose(["asgi", "vivace-uvicorn"])
    assert [workload.id for workload in WORKLOADS if asgi.plays(workload)] == ["W1"]
    assert [w.id for w in WORKLOADS if core.plays_by_default(w)] == ["W1", "W2", "W3", "W5", "W8"]
    assert all(core.plays(workload) for workload in WORKLOADS)


def test_vivace_is_always_compared_with_somebody() -> None:
    assert [contender.name for contender in with_peers(["go", "fastapi"])] == ["fastapi", "vivace", "go"]
    assert with_peers([""]) == list(CONTENDERS)
    with pytest.raises(ValueError, match="no contender flask"):
        with_peers(["flask"])
