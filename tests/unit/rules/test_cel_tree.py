"""The tree is read out of the library's serial form; what has another form is refused, never guessed."""

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from rules._cel_tree import Node, read

ENV = cel.NewEnv(variables={"a.b": cel.Type.DOUBLE, "a.b.c": cel.Type.DOUBLE, "on": cel.Type.BOOL})


def serial(text: str) -> bytes:
    return ENV.compile(text).serialize()


def shown(node: Node) -> str:
    inside = ", ".join(map(shown, node.inside))
    word = node.name or node.kind
    return f"{word}({inside})" if inside else word


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a.b > 1.0 && on", "_&&_(_>_(a.b, const), on)"),
        ("a.b.c > -a.b", "_>_(a.b.c, -_(a.b))"),
        ("on ? [1, 2].size() > 1 : {'k': on}.k", "_?_:_(on, _>_(size(list(const, const)), const), k(map(const, on)))"),
        ("a.b in [1.0, a.b.c]", "@in(a.b, list(const, a.b.c))"),
    ],
)
def test_a_tree_says_what_was_written(text, tree):
    assert shown(read(serial(text))) == tree


def test_a_name_is_the_variable_that_was_found_and_no_chain_of_fields():
    names = [node.name for node in read(serial("a.b.c > a . b")).walk() if node.kind == "name"]
    assert names == ["a.b.c", "a.b"]


def test_places_are_characters_of_the_text_and_not_bytes():
    (call,) = (node for node in read(serial("'水' == '水' && a.b > 1.0")).walk() if node.name == "_>_")
    assert call.at == len("'水' == '水' && a.b ")


def test_a_fold_holds_its_list_start_condition_step_and_result():
    fold = read(serial("[a.b].exists(t, t > 1.0)"))
    assert (fold.kind, fold.name, [each.kind for each in fold.inside]) == (
        "fold",
        "t",
        ["list", "const", "call", "call", "name"],
    )


WHOLE = serial("on ? a.b > 1.0 : [a.b].all(t, t < a.b.c)")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_what_has_another_form_is_refused_or_read_and_never_goes_wrong(place, byte):
    for raw in (WHOLE[:place], WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]):
        try:
            tree = read(raw)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - one of two right ways
        else:
            assert all(isinstance(node, Node) for node in tree.walk())
