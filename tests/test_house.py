"""The house keeps its order: no circles among rooms."""

from scripts import map as house_map


def test_rooms_import_each_other_in_no_circle() -> None:
    assert house_map.draw().circles == ()


def test_a_circle_would_be_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"d"}, "e": {"a"}}
    assert house_map.find_circles(graph) == (("a", "b", "c"),)
