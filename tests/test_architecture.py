"""The shape of the code, held by a machine so that nobody needs to remember it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("configs", "features", "training", "serving", "pipelines")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 40
HTTP_CLIENTS = {
    "aiohttp",
    "ftplib",
    "http",
    "httpx",
    "requests",
    "smtplib",
    "urllib",
    "urllib3",
}
UNPICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "skops"}
COMPILERS = {"cfunc", "compiled", "guvectorize", "jit", "njit", "stencil", "vectorize"}
NOT_NOUNS = {"common", "helper", "helpers", "misc", "tools", "util", "utils"}
ONLY_FOR_TESTS = {"behaviour", "data", "golden"}
# In brackets, so that this line is not found by itself.
REGISTRY = re.compile(
    r"p[y]pi\.org|p[y]thonhosted|n[p]mjs|a[n]aconda\.org|c[r]ates\.io|g[o]lang\.org"
    r"|--(extra-)?i[n]dex-url"
)


@dataclass(frozen=True)
class Module:
    """One Python file of the project."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def package(self) -> str:
        return self.path.relative_to(ROOT).parts[0]

    def imports(self) -> Iterator[str]:
        """Full names of everything imported, wherever in the file it is."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield "." * node.level + (node.module or "")

    def compiled(self) -> Iterator[ast.FunctionDef]:
        """The functions that become machine code."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                words = {
                    word for d in node.decorator_list for word in ast.unparse(d).split("(")
                }
                if {word.rpartition(".")[2] for word in words} & COMPILERS:
                    yield node

    def named_elsewhere(self) -> set[str]:
        """Names that are imported from other files of the project."""
        return {
            alias.asname or alias.name.partition(".")[0]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if (getattr(node, "module", None) or alias.name).partition(".")[0] in PACKAGES
        }

    def calls(self) -> Iterator[str]:
        """The last word of everything called: ``now`` of ``datetime.now()``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.attr


@cache
def tracked() -> tuple[Path, ...]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    found = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def modules(*packages: str) -> tuple[Module, ...]:
    """Every Python file of some packages; of all of them and the tests without any."""
    wanted = packages or (*PACKAGES, "tests")
    return tuple(
        Module(path, ast.parse(path.read_text("utf-8")))
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in wanted
    )


def who_imports(*roots: str) -> set[str]:
    """Names of the package modules that import one of these libraries."""
    return {
        module.name
        for module in modules(*PACKAGES)
        if any(name.partition(".")[0] in roots for name in module.imports())
    }


def test_a_file_is_short_enough_to_be_read_at_one_sitting():
    long = {
        module.name: lines
        for module in modules()
        if (lines := len(module.path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_a_function_fits_on_a_screen():
    long = {
        f"{module.name}: {node.name}": lines
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    }
    assert not long


def test_every_module_says_which_question_it_answers():
    silent = [
        m.name for m in modules(*PACKAGES) if m.tree.body and not ast.get_docstring(m.tree)
    ]
    assert not silent


def test_a_file_has_a_noun_for_a_name():
    assert not [m.name for m in modules() if NOT_NOUNS & set(m.path.stem.split("_"))]


def test_prefect_is_known_to_pipelines_alone():
    assert {name.partition("/")[0] for name in who_imports("prefect")} == {"pipelines"}


def test_mlflow_is_known_to_the_registry_and_to_what_it_serves_alone():
    assert who_imports("mlflow") == {"training/registry.py", "training/served.py"}


def test_only_sinks_speak_to_the_network():
    assert all(name.startswith("serving/sinks/") for name in who_imports(*HTTP_CLIENTS))


def test_nothing_is_ever_unpickled():
    assert not who_imports(*UNPICKLERS)
    pickling = {"read_pickle", "to_pickle"}
    assert not [m.name for m in modules(*PACKAGES) if pickling & set(m.calls())]


def test_imports_are_absolute_and_nothing_imports_tests_or_experiments():
    wrong = {
        f"{module.name}: {name}"
        for module in modules(*PACKAGES)
        for name in module.imports()
        if name.partition(".")[0] in {"", "tests", "experiments"}
    }
    assert not wrong


def test_time_is_passed_in_and_asked_for_by_commands_alone():
    asking = {"now", "today", "utcnow"}
    askers = [m.name for m in modules(*PACKAGES) if asking & set(m.calls())]
    assert all(name.startswith("pipelines/") for name in askers)


def test_no_file_names_a_host_that_packages_come_from():
    assert not [path.name for path in tracked() if REGISTRY.search(_text(path))]
    assert "://" not in _text(ROOT / "requirements.lock")


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "ignore")


def test_machine_code_holds_nothing_of_another_file():
    """It is kept until its own file changes: what it had from another would be stale."""
    foreign = {
        f"{module.name}: {function.name} reads {name}"
        for module in modules(*PACKAGES)
        for function in module.compiled()
        for name in module.named_elsewhere() & set(_names_in(function))
    }
    assert not foreign


def _names_in(function: ast.FunctionDef) -> Iterator[str]:
    """Every name that the body of a function reads; its signature only speaks to us."""
    for statement in function.body:
        yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))


def test_tests_mirror_the_tree():
    folders = {path.parent.relative_to(ROOT / "tests") for path in tracked() if _is_test(path)}
    mirrored = {folder for folder in folders if (ROOT / folder).is_dir()}
    assert {folder.parts[0] for folder in folders - mirrored} <= ONLY_FOR_TESTS
    assert {Path(package) for package in PACKAGES} <= folders


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.is_relative_to(ROOT / "tests")
