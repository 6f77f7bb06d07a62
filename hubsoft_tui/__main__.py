"""The `hubsoft-tui` command: the console, or one of its headless twins.

Nothing but this small file is read before it is known which of the two is wanted.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import TYPE_CHECKING, Final

from .flags import Flags
from .terminal import streams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_ROOT: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib is slow
_BESIDE: Final = ("widgets", "app")
"""What the console needs from beside this package. Their names are so common that others have them too."""
_ours: Final[dict[str, ModuleType]] = {}


def main() -> int:
    """Run the command and return its exit code."""
    streams.prepare()
    arguments = sys.argv[1:]
    flags = console_flags(arguments)
    if flags is None:
        from .cli.main import run  # noqa: PLC0415 - first frame: one of two doors is loaded

        return run(arguments)
    # A driver of its own, such as a browser's, brings its own terminal.
    if not streams.have_terminal() and not os.environ.get("TEXTUAL_DRIVER"):
        return _no_terminal()
    if os.environ.get("SSH_CONNECTION"):
        # Textual reads it while it is imported; ten frames a second are what a thin link carries.
        os.environ.setdefault("TEXTUAL_FPS", "10")
    gc.disable()  # what is loaded stays; looking for garbage in it delays the first frame by a tenth
    with own_modules():
        from app import open_console  # noqa: PLC0415 - first frame: one of two doors is loaded
        from hubsoft_tui.errors import HubSoftError  # noqa: PLC0415 - first frame: one of two doors is loaded

        try:
            return open_console(flags)
        except HubSoftError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code


@contextlib.contextmanager
def own_modules() -> Iterator[None]:
    """Let `app` and `widgets` be those beside this package, whatever else is found or loaded under these names.

    `python -m` looks in the working folder first, and a program may have such modules of its own: it has them
    back afterwards.
    """
    before = _loaded()
    mine = {name: module for name, module in before.items() if _is_ours(module)}
    _replace(_ours | mine)
    try:
        for name in _BESIDE:
            if name not in sys.modules:
                _load(name)
        yield
    finally:
        _ours.update(_loaded())
        _replace(before)


def _loaded() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in _BESIDE}


def _replace(modules: dict[str, ModuleType]) -> None:
    for name in _loaded():
        del sys.modules[name]
    sys.modules.update(modules)


def _is_ours(module: ModuleType) -> bool:
    return (getattr(module, "__file__", None) or "").startswith(_ROOT + os.sep)


def _load(name: str) -> None:
    spec = PathFinder.find_spec(name, [_ROOT])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{name} is not beside the package", name=name)
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


def _no_terminal() -> int:
    """Say what to use instead, before anything heavy is read."""
    from . import texts  # noqa: PLC0415 - first frame: one of two doors is loaded

    texts.use(os.environ.get("HUBSOFT_TUI_UI__LANGUAGE", "auto"))
    sentence = texts._(
        "The console needs a terminal to read from and to draw on, and there is none. Without a terminal use a "
        "command, for example hubsoft-tui lookup or hubsoft-tui checkup; hubsoft-tui --help lists them all."
    )
    # The other end may be gone, and then this is for no reader.
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
    return 2


def console_flags(arguments: list[str]) -> Flags | None:
    """Return what the console should do, or None when the arguments are for the headless commands.

    `--help`, `--version` and everything unknown are the headless side's: it explains and refuses.
    """
    demo = read_only = False
    profile = record = replay = None
    rest = iter(arguments)
    for argument in rest:
        if argument == "--demo":
            demo = True
        elif argument == "--read-only":
            read_only = True
        elif argument.startswith("--profile="):
            profile = argument.partition("=")[2]
        elif argument == "--profile":
            profile = next(rest, "")
        elif argument.startswith("--record="):
            record = argument.partition("=")[2]
        elif argument == "--record":
            record = next(rest, "")
        elif argument == "replay":
            replay = next(rest, "")
            if not replay or replay.startswith("-") or record is not None or next(rest, None) is not None:
                return None
        else:
            return None
    if "" in {profile, record} or any(
        name.endswith("_COMPLETE") and name.startswith("_HUBSOFT") for name in os.environ
    ):
        return None
    return Flags(demo=demo, profile=profile, read_only=read_only, record=record, replay=replay)


if __name__ == "__main__":
    sys.exit(main())
