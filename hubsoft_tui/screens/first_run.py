"""First run: a form for one HubSoft credential that is tried before it is kept, or the demo."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from hubsoft_tui.errors import HubSoftError, InvalidInput
from hubsoft_tui.formats import latency
from hubsoft_tui.settings import places
from hubsoft_tui.settings.files import load
from hubsoft_tui.settings.profiles import save_profile
from hubsoft_tui.settings.rules import normalise_url
from hubsoft_tui.settings.tree import Profile
from hubsoft_tui.texts import N_, _, say
from widgets.fields import QuestionInput
from widgets.line_widget import data

from .frame.actions import action
from .frame.base import ConsoleScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.services.container import ConnectionReport
    from hubsoft_tui.settings.tree import Settings

FIELDS: Final = (
    ("url", N_("Address"), "https://api.provedor.example", False),
    ("client_id", N_("Client id"), "89", False),
    ("client_secret", N_("Client secret"), "", True),
    ("username", N_("User"), "api@provedor.example", False),
    ("password", N_("Password"), "", True),
)


def in_field(screen: FirstRunScreen) -> bool:
    """Tell whether a field is typed into."""
    return isinstance(screen.focused, Input)


class FirstRunScreen(ConsoleScreen):
    """Shown while no profile is configured. Nothing is sent or written before a person says so."""

    AREA = "first_run"
    CSS_PATH = Path(__file__).parents[2] / "styles" / "first_run.tcss"
    AUTO_FOCUS = "#url"
    ABOUT = N_(
        "Fill in the API credential that HubSoft gave your provider. The connection is tried before anything is "
        "saved. Secrets go to the keyring, or to a file only you can read."
    )

    _tried: Profile | None = None
    """The last profile that was to be saved, whatever came out: saving it again saves it anyway."""
    _busy = False

    def body(self) -> ComposeResult:
        """Compose the form."""
        with VerticalScroll(id="first-run", can_focus=False):
            yield Static(Content.styled(_("Welcome to the HubSoft console"), "bold $title"), classes="line")
            yield Static(Content(_("Connect it with the API credential of your provider.")), classes="line")
            yield Static(
                Content.assemble(
                    (_("No credential at hand?"), "$quiet"),
                    "  ",
                    ("esc d", "bold $account"),
                    " ",
                    (_("opens the demo: a simulated HubSoft, nothing leaves this computer."), "$quiet"),
                ),
                classes="line",
            )
            with Vertical(id="form"):
                for name, label, example, hidden in FIELDS:
                    with Horizontal(classes="field"):
                        yield Static(Content(_(label)), classes="label")
                        yield QuestionInput(placeholder=example, password=hidden, id=name)
            with Horizontal(id="buttons"):
                yield Button(Content(_("Test the connection")), id="test", compact=True)
                yield Button(Content(_("Save and open")), id="save", compact=True)
                yield Button(Content(_("Open the demo")), id="demo", compact=True)
            yield Static(Content(""), id="report")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nowhere to go and nothing to copy yet."""
        return action not in {"area", "copy", "freeze", "outbox"} and super().check_action(action, parameters)

    # -- what a person does

    @action(
        "enter",
        N_("next field"),
        N_("Go on to the next field; from the last, try the connection."),
        first=True,
        when=lambda screen: not isinstance(screen.focused, Button),
    )
    def action_fill(self) -> None:
        """Go to the first empty field; from a field to the one after it; from the last, try what stands there.

        This runs before the keys typed just before it have reached their field, so no value is looked at here.
        """
        fields = list(self.query(QuestionInput))
        if not isinstance(self.focused, QuestionInput):
            self.set_focus(next((field for field in fields if not field.value), fields[0]))
        elif self.focused is not fields[-1]:
            self.set_focus(fields[fields.index(self.focused) + 1])
        else:
            # In the field's own queue, behind what was typed into it.
            self.focused.call_later(self._begin, save=False)

    @action("tab", N_("next field"), N_("Go to the next field."), line=False, first=True, when=in_field)
    def action_next(self) -> None:
        self.focus_next()

    @action("d", N_("demo"), N_("Open the console on a simulated HubSoft."))
    def action_demo(self) -> None:
        self.console.open_demo()

    @action("t", N_("test"), N_("Try the connection: 1 login and 1 request."))
    def action_test(self) -> None:
        self._begin(save=False)

    @action("s", N_("save"), N_("Try it, save it and open the console."))
    def action_save(self) -> None:
        self._begin(save=True)

    @action(
        "escape", N_("leave the field"), N_("Leave the field: letters act again."), first=True, when=in_field
    )
    def action_leave(self) -> None:
        self.set_focus(None)

    @on(Button.Pressed)
    def press_button(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        if event.button.id == "demo":
            self.action_demo()
        else:
            self._begin(save=event.button.id == "save")

    def _begin(self, *, save: bool) -> None:
        if self._busy:
            return
        self._busy = True
        self._try(save=save)

    # -- trying and saving

    @work(group="try", exclusive=True, exit_on_error=False)
    async def _try(self, *, save: bool) -> None:
        try:
            profile = self._profile()
            # What just failed may be saved all the same: HubSoft may be down at this moment.
            anyway = save and profile == self._tried
            if not anyway:
                self._say(_("Trying: one login, one request…"), "$account")
                report = await self._report(profile)
                self._tried = profile if save else None
                if not report.ok:
                    hint = _("Save again to keep it anyway.") if save else ""
                    self._say(f"! {report.text} {hint}".rstrip(), "$warn")
                    return
                self._say(f"● {report.text} {latency(report.latency)}", "$ok")
                self.set_focus(self.query_one("#save", Button))
            if save:
                self.console.open_configured(await asyncio.to_thread(_saved, profile))
        except HubSoftError as error:
            self._say(f"! {error}", "$warn")
        except Exception as error:  # noqa: BLE001 - the form must survive whatever the attempt meets
            self._say(f"! {self.console.unexpected(error)}", "$warn")
        finally:
            self._busy = False

    def _profile(self) -> Profile:
        values = {name: self.query_one(f"#{name}", QuestionInput).value.strip() for name, *_rest in FIELDS}
        for name, label, *_rest in FIELDS:
            if not values[name]:
                self.query_one(f"#{name}").focus()
                raise InvalidInput(say("Fill in this field too: {field}.", field=say(label)))
        values["url"] = normalise_url(values["url"])
        return Profile(**values)  # type: ignore[arg-type]

    async def _report(self, profile: Profile) -> ConnectionReport:
        # A home of its own: a trial must not leave a token or a record behind.
        home = places.make_temporary("hubsoft-tui-trial-")
        engine = self.console.make_engine(replace(self.console.settings, profile=profile, home=str(home)))
        try:
            await asyncio.to_thread(engine.start)
            return await engine.run(lambda services: services.connection.test())
        finally:
            await asyncio.to_thread(engine.close)
            shutil.rmtree(home, ignore_errors=True)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#report", Static).update(data_lines(text, style))


def data_lines(text: str, style: str) -> Content:
    """Return text of several lines as data."""
    return Content("\n").join(data(each, style) for each in text.splitlines())


def _saved(profile: Profile) -> Settings:
    save_profile(profile, places.find())
    return load(profile.name)
