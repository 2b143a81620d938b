"""What is read from /proc, from wrk, from answers; and that children end with their block."""

import os
import signal
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from benchmarks import machine, processes, wrk
from benchmarks.answers import difference
from benchmarks.machine import parse_cpu_times
from benchmarks.messages import Answer, make_answer
from benchmarks.outcome import parse
from benchmarks.processes import ChildError, run, running

STAT = """\
cpu  30 0 10 50 10 0 0 5 3 0
cpu0 20 0 5 20 5 0 0 5 3 0
cpu1 10 0 5 30 5 0 0 0 0 0
intr 1 2 3
"""
RESULT = (
    '{"requests": 100, "seconds": 2.0, "wrong": 0, "socket_errors": 0, "timeouts": 0,'
    ' "latencies": {"50": 1, "99.9": 2}}'
)
CORE = min(os.sched_getaffinity(0))


def test_cpu_times_of_all_cores_and_of_some() -> None:
    whole, one = parse_cpu_times(STAT), parse_cpu_times(STAT, [1])
    assert (whole.busy, whole.stolen, whole.total) == (40, 5, 105)  # guest time is part of user time
    assert (one.busy, one.stolen, one.total) == (15, 0, 50)
    assert (whole - one).stolen_share == pytest.approx(5 / 55)


def test_the_result_of_a_load_generator_is_its_last_json_line() -> None:
    outcome = parse(f"Running 2s test\n{RESULT}\n")
    assert outcome.rate == 50
    assert outcome.fault is None


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ('"wrong": 7', "7 of 100 answers were not the expected ones"),
        ('"socket_errors": 2', "2 socket errors, 0 timeouts"),
        ('"timeouts": 3', "0 socket errors, 3 timeouts"),
    ],
)
def test_errors_make_the_figure_void(field: str, fault: str) -> None:
    name = field.partition(":")[0]
    assert parse(RESULT.replace(f"{name}: 0", field)).fault == fault


def test_no_answer_is_a_fault_too() -> None:
    assert parse(RESULT.replace("100", "0")).fault == "no answer at all"


def test_a_load_generator_without_a_result() -> None:
    with pytest.raises(ChildError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1")


def test_headers_are_compared_less_date_and_case() -> None:
    one = make_answer(200, [("Date", "Mon"), ("X", "1"), ("a", "2")], b"{}")
    other = make_answer(200, [("A", "2"), ("x", "1"), ("date", "Tue")], b"{}")
    assert difference(one, other, "bytes") is None


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        (Answer(201, (("x", "1"),), b'{"a": 1}'), "status 201"),
        (Answer(200, (("x", "2"),), b'{"a": 1}'), "headers: lacks [('x', '1')], has [('x', '2')]"),
        (Answer(200, (("x", "1"),), b'{"a":1}'), "body"),
    ],
)
def test_each_part_of_an_answer_counts(actual: Answer, says: str) -> None:
    assert (difference(Answer(200, (("x", "1"),), b'{"a": 1}'), actual, "bytes") or "").startswith(says)


JSON = (("content-type", "application/json; charset=utf-8"),)


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        (Answer(200, (("content-type", "application/json"), ("x", "1")), b'{"a":1}'), None),
        (Answer(200, JSON, b'{"a": 2}'), "body"),
        (Answer(200, (("content-type", "text/plain"),), b'{"a": 1}'), "content type 'text/plain' instead of"),
        (Answer(201, JSON, b'{"a": 1}'), "status 201 instead of 200"),
    ],
)
def test_equal_in_meaning_is_status_media_type_and_value(actual: Answer, says: str | None) -> None:
    differs = difference(Answer(200, JSON, b'{"a": 1}'), actual, "meaning")
    assert differs is None if says is None else (differs or "").startswith(says)


def test_of_a_refusal_the_class_of_its_status_counts() -> None:
    refused = Answer(422, JSON, b'{"detail": []}')
    assert difference(refused, Answer(400, (), b"no"), "meaning") is None
    assert (difference(refused, Answer(200, JSON, b"{}"), "meaning") or "").startswith(
        "status 200 instead of a refusal"
    )
    assert difference(refused, Answer(400, (), b"no"), "bytes") is not None


def test_output_of_a_child_and_its_core() -> None:
    script = "import os; print(os.sched_getaffinity(0))"
    assert run([sys.executable, "-c", script], core=CORE, environment={}, timeout=30) == f"{{{CORE}}}\n"


def test_a_child_gets_no_stray_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UVICORN_WORKERS", "4")
    script = "import os; print(os.environ.get('UVICORN_WORKERS'), os.environ['ASKED_FOR'])"
    output = run([sys.executable, "-c", script], core=CORE, environment={"ASKED_FOR": "yes"}, timeout=30)
    assert output == "None yes\n"


def test_a_child_that_is_interrupted_reports_what_it_has() -> None:
    script = "import signal; signal.signal(signal.SIGINT, lambda *_: print('done')); signal.pause()"
    command = [sys.executable, "-c", script]
    assert run(command, core=CORE, environment={}, timeout=30, interrupt_after=2.0) == "done\n"


def test_a_failed_child_says_what_it_printed() -> None:
    with pytest.raises(ChildError, match=r"(?s)exit code 3; it printed:\nno such app"):
        run([sys.executable, "-c", "print('no such app'); exit(3)"], core=CORE, environment={}, timeout=30)


def test_a_child_that_takes_too_long() -> None:
    with pytest.raises(ChildError, match="did not end within 0 s"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], core=CORE, environment={}, timeout=0.2)


def test_grandchildren_end_with_the_block() -> None:
    script = (
        "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    with running([sys.executable, "-c", script], core=CORE, environment={}) as child:
        while not (output := child.output()).endswith("\n"):
            time.sleep(0.02)
    assert child.process.returncode is not None
    assert ended(int(output))


def test_ctrl_c_waits_until_a_child_is_somebodys() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), processes._interrupts_deferred():  # noqa: PT012 - what follows must run
        signal.raise_signal(signal.SIGINT)
        steps.append("the child is made")
    assert steps == ["the child is made"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def ended(pid: int) -> bool:
    """Whether the process is gone, or a zombie, within five seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_missing_programs_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert [message.split(":")[0] for message in processes.missing_programs()] == [
        "taskset is not on PATH",
        "setpriv is not on PATH",
    ]
    assert wrk.missing() == ["wrk is not on PATH: apt-get install -y wrk (Debian, Ubuntu)"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "'--enable-optimizations' '--with-lto'",
            "built with profile-guided and with link-time optimisation",
        ),
        (
            "'--prefix=/usr'",
            "built without profile-guided and without link-time optimisation",
        ),
        (None, "built without profile-guided and without link-time optimisation"),  # Windows
    ],
)
def test_how_python_was_built_is_said(
    arguments: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", {"CONFIG_ARGS": arguments}.get)
    assert machine.build() == said
    assert machine.describe()["python"].endswith(said)
