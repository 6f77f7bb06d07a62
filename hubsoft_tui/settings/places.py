"""Where things are kept, and how private files are written: folders 0700, files 0600, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import InvalidInput, SettingsError, StoreError
from ..texts import _, number, say
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOME_VARIABLE: Final = "HUBSOFT_TUI_HOME"
_APP: Final = "hubsoft-tui"


@dataclass(frozen=True, slots=True)
class Places:
    """The three folders. Nothing is created by looking; `private_folder` makes one when it is written to."""

    config: Path
    state: Path
    cache: Path
    home: str = ""
    """The one folder that holds all three, or empty for the operating system's usual ones."""

    @property
    def contained(self) -> bool:
        """Everything stays under HUBSOFT_TUI_HOME: the operating system's keyring is left alone too."""
        return bool(self.home)

    @property
    def config_file(self) -> Path:
        """The person's settings, which are never rewritten."""
        return self.config / "config.toml"

    @property
    def tuned_file(self) -> Path:
        """What the console tuned."""
        return self.config / "tuned.toml"

    @property
    def secrets_file(self) -> Path:
        """Secrets, for machines without a keyring; mode 0600 or refused."""
        return self.config / "secrets.toml"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.state / "logs"

    @property
    def crashes(self) -> Path:
        """The folder of crash reports."""
        return self.state / "crashes"


def find(environment: Mapping[str, str] | None = None, home: Path | str | None = None) -> Places:
    """Return the places of `home`, else of HUBSOFT_TUI_HOME, else the operating system's usual ones."""
    env = os.environ if environment is None else environment
    root = str(home) if home else env.get(HOME_VARIABLE, "")
    if root.strip():
        try:
            folder = whole(Path(root).expanduser())
        except RuntimeError as error:
            raise _homeless() from error
        return Places(folder / "config", folder / "state", folder / "cache", home=str(folder))
    import platformdirs  # noqa: PLC0415 - heavy, and unused under HUBSOFT_TUI_HOME

    try:
        found = Places(
            Path(platformdirs.user_config_dir(_APP, appauthor=False)),
            Path(platformdirs.user_state_dir(_APP, appauthor=False)),
            Path(platformdirs.user_cache_dir(_APP, appauthor=False)),
        )
    except (RuntimeError, KeyError) as error:
        raise _homeless() from error
    if not all(
        each.is_absolute() for each in (found.config, found.state, found.cache)
    ):  # `~` stayed what it is
        raise _homeless()
    return found


def _homeless() -> SettingsError:
    return SettingsError(
        say("This account has no home folder. Set HUBSOFT_TUI_HOME to a folder you can write to.")
    )


def expanded(path: Path | str) -> Path:
    """Return `path` with `~` as the home it names; as it stands where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def whole(path: Path | str) -> Path:
    """Return `path` from the root on, `~` being a home. Raises InvalidInput where the working folder is gone."""
    named = expanded(path)
    try:
        return named.absolute()
    except OSError as error:
        raise InvalidInput(
            say(
                "The folder you are in is gone, so {path} means nothing. Change into another folder.",
                path=named,
            )
        ) from error


def private_folder(folder: Path) -> Path:
    """Make `folder` and what is missing above it, each 0700, and return it. Raises StoreError."""
    missing = []
    above = folder
    try:
        while not above.exists():
            missing.append(above)
            above = above.parent
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(20, os.strerror(20), str(folder))
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


LONGEST_FILE: Final = 4_000_000
"""Bytes of a file of settings; more is none."""


def read_ordinary(
    path: Path, most: int = LONGEST_FILE, *, trusted: Callable[[os.stat_result], None] | None = None
) -> bytes:
    """Return what an ordinary file holds; a pipe, a device or a folder in its place keeps no reader waiting.

    What is checked is what is read: the open file, not the name, which could be exchanged in between. `trusted`
    raises for one that is not to be read. Raises OSError, with its reason, for more than `most` bytes too.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:  # a NUL in its name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, _("it is no ordinary file"), str(path))
        if trusted is not None:
            trusted(about)
        if about.st_size > most or len(content := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, _("it is larger than {n} MB").format(n=number(most / 1e6)), str(path))
        return content


def tighten(path: Path) -> None:
    """Close a file or folder to all other users. A link is left alone, and so is what it points to.

    Raises OSError when it belongs to another user.
    """
    try:
        # Opened as a name alone: a real opening and closing would drop SQLite's locks on the file.
        handle = os.open(path, getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        mode = os.fstat(handle).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or not mode & 0o077:
            return
        wanted = stat.S_IMODE(mode) & 0o700
        if Path(f"/proc/self/fd/{handle}").exists():
            Path(f"/proc/self/fd/{handle}").chmod(wanted)
        else:
            path.chmod(wanted)
    finally:
        os.close(handle)


def tighten_home(folders: Places) -> tuple[Path, ...]:
    """Close the folders of a home and what is in them to everybody else; return what could not be, links too."""
    open_to_others = []
    for folder in (folders.config, folders.state, folders.cache):
        for place in (folder, *_inside(folder)):
            try:
                if place.is_symlink():
                    open_to_others.append(place)
                else:
                    tighten(place)
            except OSError:
                open_to_others.append(place)
    return tuple(open_to_others)


def _inside(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
        return found + [
            each for one in found if one.is_dir() and not one.is_symlink() for each in one.iterdir()
        ]
    except OSError:
        return []


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, mode 0600: readers see the old file or the new one. Raises StoreError."""
    import tempfile  # noqa: PLC0415 - heavy for a start that writes no file

    folder = private_folder(path.parent)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        _sync_folder(folder)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise unwritable(path, error) from error


def make_temporary(prefix: str) -> Path:
    """Make a private folder that its caller removes. Raises StoreError."""
    import tempfile  # noqa: PLC0415 - heavy: a trial and the demo alone need it

    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise StoreError(
            say("No temporary folder can be made. Free some space, or name a folder in TMPDIR.")
        ) from error


def create_private(path: Path, content: bytes) -> bool:
    """Write a new file, mode 0600; False when `path` is there already, untouched. Raises StoreError."""
    folder = private_folder(path.parent)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(folder)
    except OSError as error:
        # Half a file would be taken for the person's own at the next start.
        with contextlib.suppress(OSError):
            path.unlink()
        raise unwritable(path, error) from error
    return True


def unwritable(path: Path, error: OSError) -> StoreError:
    """Say that `path` cannot be written, why, and what to do."""
    return StoreError(
        say(
            "{path} cannot be written ({reason}). Set HUBSOFT_TUI_HOME to a folder you can write to.",
            path=path,
            reason=error.strerror or type(error).__name__,
        )
    )


def _sync_folder(folder: Path) -> None:
    # Not every file system lets a folder be synced; the rename itself is atomic everywhere.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def current_person() -> str:
    """Return the name of this machine's user."""
    import getpass  # noqa: PLC0415 - heavy: a question from memory needs no person

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return str(os.getuid())
