"""Lines of a run as they are written, and as they are changed."""

import copy
import json

from hypothesis import strategies as st


def written(path, lines):
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def changed(lines, place, **members):
    found = copy.deepcopy(lines)
    found[place].update(members)
    return found


def without(lines, place, member):
    found = copy.deepcopy(lines)
    del found[place][member]
    return found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["pass", "failure", "outcome", "header", "numpy", "ordinary_001", "[/b]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def places(node, path=()):
    """Paths of all members and elements of plain data."""
    members = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in members:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


@st.composite
def mutations(draw, lines):
    """A run with up to three changes, each anywhere in its tree."""
    found = copy.deepcopy(lines)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(found))))
        parent = found
        for key in path:
            parent = parent[key]
        change = draw(st.sampled_from(["replace", "delete", "repeat", "swap"]))
        if change == "delete":
            del parent[last]
        elif isinstance(parent, list) and change == "repeat":
            parent.insert(last, copy.deepcopy(parent[last]))
        elif isinstance(parent, list) and change == "swap":
            other = draw(st.integers(0, len(parent) - 1))
            parent[last], parent[other] = parent[other], parent[last]
        else:
            parent[last] = draw(JSON)
        if not found:
            break
    return found
