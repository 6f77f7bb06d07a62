from __future__ import annotations

import importlib
import pkgutil

import pytest

import hubsoft_tui.screens
from hubsoft_tui.errors import SettingsError
from hubsoft_tui.screens.frame.actions import (
    AREAS,
    EVERYWHERE,
    Action,
    Registry,
    action,
    actions_of,
    keys_of,
    registry,
    shown_key,
    usable,
)
from hubsoft_tui.screens.frame.base import ConsoleScreen, import_areas
from hubsoft_tui.screens.frame.help import by_job

import_areas()


def row_of(action_id, key, do="copy"):
    return Action(action_id, key, "label", "Help.", do)


def test_every_action_of_every_screen_has_the_method_it_names():
    for screen in ConsoleScreen.__subclasses__():
        for row in screen.ACTIONS:
            if not row.do.startswith("app."):
                assert callable(getattr(screen, f"action_{row.name}")), row.id


def test_ids_are_unique_and_texts_are_there():
    ids = [row.id for row in registry]
    assert len(ids) == len(set(ids))
    for row in registry:
        assert row.label
        assert row.help.endswith(".")


def test_the_areas_keep_their_keys():
    assert {area.id: area.key for area in AREAS} == {
        "lookup": "f2",
        "tickets": "f3",
        "checkup": "f4",
        "monitor": "f5",
        "tuning": "f6",
        "requests": "f7",
        "reports": "f8",
    }


def test_every_action_has_a_key_or_the_palette_and_no_key_has_two_meanings():
    assert registry.clashes({}) == []


def test_a_remapped_key_replaces_all_of_an_actions_keys():
    row = row_of("copy", "y,ctrl+y")
    assert keys_of(row, {}) == ("y", "ctrl+y")
    assert keys_of(row, {"copy": "x"}) == ("x",)


def test_an_unknown_id_in_the_keymap_is_named():
    with pytest.raises(SettingsError, match=r"lookup\.refesh"):
        registry.check({"lookup.refesh": "x"})


def test_a_key_for_two_actions_is_named_with_both():
    with pytest.raises(SettingsError, match=r"key v to two actions, .*lookup\.re"):
        registry.check({"lookup.refresh": "v"})
    with pytest.raises(SettingsError, match="key r to two actions"):
        registry.check({"copy": "r"})
    registry.check({"lookup.refresh": "v", "lookup.reveal": "r"})


def test_one_key_may_mean_two_things_on_two_screens():
    own = Registry()
    own.declare(EVERYWHERE, [row_of("copy", "y")])
    own.declare("one", [row_of("one.do", "x")])
    own.declare("two", [row_of("two.do", "x")])
    assert own.clashes({}) == []
    with pytest.raises(ValueError, match="one key"):
        own.declare("two", [row_of("two.do", "y")])
    with pytest.raises(ValueError, match="twice"):
        Registry().declare("one", [row_of("a", "x"), row_of("a", "y")])


class Marked:
    """Declares its actions as a screen does."""

    marked = False

    @action("x", "cut", "Cut it.", when=lambda screen: screen.marked)
    def action_cut(self) -> None: ...

    @action("up", "previous", "The one before.", id="previous", args=(-1,))
    @action("down", "next", "The one after.", id="next", args=(1,), when=lambda screen: screen.marked)
    def action_move(self, step) -> None: ...


def test_methods_declare_actions_in_their_order():
    rows = actions_of(Marked, "some")
    assert [(row.id, row.do) for row in rows] == [
        ("some.cut", "cut"),
        ("some.previous", "move(-1)"),
        ("some.next", "move(1)"),
    ]
    assert [row.args for row in rows] == [(), (-1,), (1,)]


def test_a_condition_holds_for_the_arguments_it_is_declared_with():
    rows = actions_of(Marked, "some")
    screen = Marked()
    assert not usable(screen, rows, "cut", ())
    assert usable(screen, rows, "move", (-1,))
    assert not usable(screen, rows, "move", (1,))
    screen.marked = True
    assert usable(screen, rows, "cut", ())
    assert usable(screen, rows, "move", (1,))


def test_keys_are_written_as_people_write_them():
    assert shown_key("question_mark") == "?"
    assert shown_key("ctrl+p") == "ctrl+p"


GROUPED = {
    "lookup", "tickets", "checkup", "monitor", "tuning", "requests", "reports", "alerts", "outbox", "write",
    "columns", "views", "",
}  # fmt: skip


@pytest.mark.parametrize("area", sorted(GROUPED))
def test_help_groups_every_screen_by_what_a_person_is_about(area: str) -> None:
    for module in pkgutil.walk_packages(hubsoft_tui.screens.__path__, "hubsoft_tui.screens."):
        importlib.import_module(module.name)
    actions = registry.of(area)
    assert actions
    assert [each.id for each in actions if not each.job] == []
    jobs = [job for job, _group in by_job(actions)]
    assert len(jobs) > 1
