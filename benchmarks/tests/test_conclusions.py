"""From made-up readings to what counts, what is void, and what a report says about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.contenders import CONTENDERS, Contender, choose
from benchmarks.machine import Wait
from benchmarks.report import Run, as_markdown, notes, table
from benchmarks.rounds import Turn, last_attempts, play
from benchmarks.summary import goal_of, number, relations, rows, spread
from benchmarks.turns import Reading, Settings
from benchmarks.workloads import WORKLOADS, Goals, Load, Measure, Workload, select

FASTAPI, VIVACE = choose(["fastapi", "vivace"])
IDLE, BUSY = Wait(0.5, 0.01), Wait(30.0, 0.4)
W1, W8, W8_3 = select(["W1", "W8"])
SETTINGS = Settings(seconds=4, warmup=1, connections=32, idle_limit=30.0, server_core=0, load_core=1)


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
        rounds, [W1], [FASTAPI, VIVACE], lambda workload, contender: next(readings), lambda turn: None
    )


def test_contenders_alternate() -> None:
    order = [(turn.round, turn.contender) for turn in played(iter([reading(1)] * 4), rounds=2)]
    assert order == [(1, "fastapi"), (1, "vivace"), (2, "fastapi"), (2, "vivace")]


def test_a_round_with_stolen_time_is_void_and_repeated_once() -> None:
    result = played(iter([reading(1), reading(2, stolen=0.021), reading(3), reading(4)]), rounds=1)
    assert [(turn.attempt, turn.reading.void is None) for turn in result] == [
        (1, False),
        (1, False),
        (2, True),
        (2, True),
    ]
    assert [turn.reading.values["requests/s"] for turn in last_attempts(result)] == [3, 4]


def test_a_repeated_round_with_stolen_time_stays_void() -> None:
    result = played(iter([reading(1, stolen=0.5)] * 4), rounds=1)
    assert len(result) == 4
    assert {turn.reading.void for turn in last_attempts(result)} == {
        "50.0% of the time was stolen in this round"
    }


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
    assert (row.goal, row.met) == ("≥ 3 (with its server ≥ 7)", True)


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
    asgi, whole = choose(["asgi"])[0], Contender("x", "", VIVACE.start, (), goals="whole")
    rate = Measure(
        "requests/s", "1/s", more_is_better=True, goals=Goals(core=3, whole=7, peers={"asgi": 1.6})
    )
    goals = [
        (contender.name, other.name, str(goal_of(rate, contender, other)))
        for contender in (FASTAPI, VIVACE, whole)
        for other in (FASTAPI, asgi)
    ]
    assert goals == [
        ("fastapi", "fastapi", "None"),
        ("fastapi", "asgi", "None"),
        ("vivace", "fastapi", "≥ 3"),
        ("vivace", "asgi", "None"),
        ("x", "fastapi", "≥ 7"),
        ("x", "asgi", "≥ 1.6"),
    ]


def test_of_times_and_memory_the_goal_is_an_upper_bound() -> None:
    memory = Measure("memory", "MB", more_is_better=False, goals=Goals(core=0.6))
    goal = goal_of(memory, VIVACE, FASTAPI)
    assert goal is not None
    assert (goal.met_by(0.6), goal.met_by(0.61), str(goal)) == (True, False, "≤ 0.6")


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
    assert notes(run_of(turns(W1, FASTAPI, 1, 1, 1, 1, 1))) == []


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


def test_few_rounds_are_not_for_the_record() -> None:
    assert notes(run_of([], rounds=4)) == ["Not for the record: 4 of at least 5 rounds."]


def test_the_report_names_command_and_versions() -> None:
    run = run_of(turns(W1, FASTAPI, 10) + turns(W1, VIVACE, 40))
    shown = rows(run.workloads, run.contenders, run.turns)
    text = as_markdown(run, shown, [], {"versions": {"python": "CPython 3.11"}}, plotted=False)
    assert "| W1 | hello, JSON | vivace | 40.0 1/s (40.0–40.0) | 4.00× (4.00–4.00) fastapi | ≥ 3" in text
    assert "```sh\nthe command\n```" in text
    assert "| python | CPython 3.11 |" in text
    assert "report.svg" not in text


# --- choices ----------------------------------------------------------------------------------------------------------


def test_a_series_selects_all_of_it_in_the_order_of_the_table() -> None:
    assert [workload.id for workload in select(["w13", "W1"])] == ["W1", "W13-10", "W13-100", "W13-1000"]
    assert select([""]) == list(WORKLOADS)


def test_unknown_names_are_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match=r"no workload W99; there are: W1, W2"):
        select(["W99"])
    with pytest.raises(ValueError, match=r"no contender flask; there are: fastapi, vivace"):
        choose(["flask"])
    with pytest.raises(ValueError, match=r"each contender once"):
        choose(["vivace", "vivace"])


def test_every_load_has_an_app_and_every_contender_says_what_it_can() -> None:
    apps = {file.stem for file in (Path(__file__).parent.parent / "apps").glob("[!_]*.py")}
    loads = [workload for workload in WORKLOADS if isinstance(workload, Load)]
    assert {load.app for load in loads} <= apps
    assert all(contender.apps is None or contender.apps <= apps for contender in CONTENDERS)


def test_a_contender_without_a_framework_plays_loads_of_its_apps_only() -> None:
    (asgi,) = choose(["asgi"])
    assert [workload.id for workload in WORKLOADS if asgi.plays(workload)] == ["W1", "404"]
