"""The rules as data: code, title, why it matters, what to do. The code is what `# vivace: ignore[CODE]` names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    title: str
    why: str
    remedy: str


_ALL = (
    # V0xx: what is declared cannot work, or not as it says.
    Rule(
        "V001",
        "declaration that cannot work",
        "The application does not start, or the route answers every request with an error.",
        "Change the declaration as the message says.",
    ),
    Rule(
        "V002",
        "declaration that cannot be meant",
        "It works, but hardly as intended.",
        "Change the declaration as the message says.",
    ),
    Rule(
        "V003",
        "duplicate operation id",
        "Client generators make one method of two operations, or fail.",
        "Rename one of the functions, or give operation_id=… or generate_unique_id_function=….",
    ),
    Rule(
        "V004",
        "unreachable route",
        "The first route that matches answers, so this one never does.",
        "Declare it before the other one, or change its path.",
    ),
    # V1xx: what holds up others.
    Rule(
        "V101",
        "blocking call in async code",
        "While it waits, the event loop answers nobody else.",
        "Await an async version, make the endpoint `def` (it then runs in a thread), or use run_in_threadpool.",
    ),
    # V2xx: what the document and the validation lack.
    Rule(
        "V201",
        "missing response model",
        "The document does not say what comes back, and nothing keeps fields in that must not get out.",
        "Annotate what the function returns, or give response_model=….",
    ),
    Rule(
        "V202",
        "untyped parameter",
        "It is not validated, and the document does not say what it may be.",
        "Annotate it.",
    ),
    # V3xx: what lets others in.
    Rule(
        "V301",
        "CORS for every origin, with credentials",
        "Any website can act as the user who visits it.",
        "List the origins in allow_origins, or leave out allow_credentials.",
    ),
    Rule(
        "V302",
        "debug in production",
        "Whoever causes an error reads source code and variables.",
        "Leave debug out, or take it from a setting that is false by default.",
    ),
    Rule(
        "V303",
        "secret in code",
        "Everyone who can read the repository can use it, also after it was deleted.",
        "Read it from the environment, and replace the secret that was committed.",
    ),
)

RULES = {rule.code: rule for rule in _ALL}
