"""Calls that block, where the event loop runs: in an `async def`, or in a plain function that it calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .findings import Finding
from .names import Names

# Pattern of the dotted name → what to use instead. First match counts.
BLOCKING: tuple[tuple[str, str], ...] = (
    (r"time\.sleep", "await asyncio.sleep(…)"),
    (r"requests\.\w+(\.\w+)*", "httpx.AsyncClient"),
    (r"urllib\.request\.(urlopen|urlretrieve)", "httpx.AsyncClient"),
    (r"urllib3\.(request|PoolManager\.\w+)", "httpx.AsyncClient"),
    (r"httpx2?\.(get|post|put|patch|delete|head|options|request|stream|Client\.\w+)", "httpx.AsyncClient"),
    (
        r"subprocess\.(run|call|check_call|check_output|getoutput|getstatusoutput)",
        "asyncio.create_subprocess_exec",
    ),
    (r"os\.(system|popen|wait|waitpid)", "asyncio.create_subprocess_shell"),
    (r"asyncio\.run|anyio\.run", "await the coroutine"),
    (r"sqlite3\.connect(\.\w+)*", "aiosqlite"),
    (r"(psycopg2|psycopg)\.connect(\.\w+)*", "psycopg.AsyncConnection, or asyncpg"),
    (r"(pymysql|MySQLdb)\.connect(\.\w+)*|mysql\.connector\.connect(\.\w+)*", "asyncmy, or aiomysql"),
    (r"(pyodbc|pymssql|cx_Oracle)\.connect(\.\w+)*", "an async driver, or run_in_threadpool"),
    (r"pymongo\.(mongo_client\.)?MongoClient(\.\w+)+", "pymongo.AsyncMongoClient"),
    (r"redis\.(client\.)?(Redis|StrictRedis|from_url)(\.\w+)+", "redis.asyncio"),
    (r"boto3\.(client|resource)(\.\w+)*", "aioboto3, or run_in_threadpool"),
    (r"(sqlalchemy\.orm|sqlmodel|sqlalchemy\.orm\.session)\.Session(\.\w+)*", "AsyncSession"),
    (r"sqlalchemy\.(engine\.)?create_engine(\.\w+)+", "create_async_engine"),
    (r"smtplib\.SMTP(_SSL)?(\.\w+)*", "aiosmtplib, or run_in_threadpool"),
    (r"ftplib\.FTP(_TLS)?(\.\w+)*|paramiko\.SSHClient(\.\w+)*", "run_in_threadpool"),
    (r"socket\.(create_connection|gethostbyname|getaddrinfo)", "asyncio.open_connection, loop.getaddrinfo"),
    (r"(builtins\.)?input", "nothing: a server has no keyboard"),
    (r"threading\.(Lock|Event|Condition|Semaphore)\.(acquire|wait)|queue\.Queue\.(get|put)", "asyncio's own"),
)
_PATTERNS = [(re.compile(pattern), instead) for pattern, instead in BLOCKING]


def blocking_calls(tree: ast.Module, names: Names, file: str) -> Iterator[Finding]:
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef) and not _runs_at_the_start(node, names):
            yield from _in_function(node, node.name, functions, names, file)


def _runs_at_the_start(function: ast.AsyncFunctionDef, names: Names) -> bool:
    """Whether it is a lifespan, or a handler of `on_event`: then nobody is waiting yet."""
    for decorator in function.decorator_list:
        if names.dotted(decorator) == "contextlib.asynccontextmanager" and len(function.args.args) == 1:
            return True
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(".on_event"):
            return True
    return False


def _in_function(
    function: ast.AsyncFunctionDef, name: str, functions: dict[str, ast.FunctionDef], names: Names, file: str
) -> Iterator[Finding]:
    for call in _own_calls(function):
        found = _is_blocking(call, names)
        through = ""
        if found is None and isinstance(call.func, ast.Name) and call.func.id in functions:
            found = _blocks_inside(functions[call.func.id], functions, names, frozenset())
            through = f" (in {call.func.id})"
        if found is not None:
            called, instead = found
            yield Finding(
                "V101",
                f"`{called}` blocks in the async function `{name}`{through}",
                file,
                call.lineno,
                call.end_lineno,
                f"Use {instead}; or make it `def`, which runs in a thread; or run_in_threadpool.",
            )


def _blocks_inside(
    function: ast.FunctionDef,
    functions: dict[str, ast.FunctionDef],
    names: Names,
    seen: frozenset[str],
) -> tuple[str, str] | None:
    """What blocks in a plain function, or in one that it calls in turn."""
    for call in _own_calls(function):
        found = _is_blocking(call, names)
        if found is not None:
            return found
        name = call.func.id if isinstance(call.func, ast.Name) else None
        if name in functions and name not in seen and name != function.name:
            found = _blocks_inside(functions[name], functions, names, seen | {function.name})
            if found is not None:
                return found
    return None


def _is_blocking(call: ast.Call, names: Names) -> tuple[str, str] | None:
    dotted = names.dotted(call.func)
    for pattern, instead in _PATTERNS if dotted else ():
        if pattern.fullmatch(dotted):
            return dotted, instead
    return None


def _own_calls(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """The calls that run when the function runs: not those of functions and lambdas defined in it, nor awaited ones."""
    for statement in function.body:
        yield from _calls(statement)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return
    if isinstance(node, ast.Await):
        node = node.value  # what it calls is async; what that is given may not be
    elif isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)
