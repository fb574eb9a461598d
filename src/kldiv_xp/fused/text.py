"""A function in LLVM IR under construction: values, variables, loops and branches."""

from collections.abc import Iterator
from contextlib import contextmanager


class Text:
    """Lines of a function; each value has a unique name.

    Variables are memory on the stack, which LLVM turns into registers.
    """

    def __init__(self) -> None:
        self.variables: list[str] = []
        self.lines: list[str] = []
        self.count = 0

    def name(self) -> str:
        """A new name."""
        self.count += 1
        return f"n{self.count}"

    def let(self, expression: str) -> str:
        """Register that holds an expression."""
        name = f"%{self.name()}"
        self.lines.append(f"{name} = {expression}")
        return name

    def do(self, statement: str) -> None:
        """Append a statement without a value."""
        self.lines.append(statement)

    def variable(self, kind: str, value: str) -> str:
        """New variable with a value; its memory is allocated once, at the start of the function."""
        place = f"%{self.name()}"
        self.variables.append(f"{place} = alloca {kind}")
        self.set(place, kind, value)
        return place

    def memory(self, size: int) -> str:
        """Memory of `size` bytes, zeroed at the start of the function."""
        place = f"%{self.name()}"
        self.variables.append(f"{place} = alloca [{size} x i8], align 64")
        # A store of zeros would be unrolled: it took 6 s to compile.
        clear = f"call void @llvm.memset.p0.i64(ptr {place}, i8 0, i64 {size}, i1 false)"
        self.variables.append(clear)
        return place

    def get(self, place: str, kind: str) -> str:
        """Value of a variable."""
        return self.let(f"load {kind}, ptr {place}")

    def set(self, place: str, kind: str, value: str) -> None:
        """Change a variable."""
        self.do(f"store {kind} {value}, ptr {place}")

    def moved(self, place: str, offset: str) -> str:
        """Address plus an offset in bytes."""
        return self.let(f"getelementptr i8, ptr {place}, i64 {offset}")

    def label(self, name: str) -> None:
        """Append a label for branches."""
        self.lines.append(f"{name}:")

    @contextmanager
    def below(self, first: str, last: str) -> Iterator[tuple[str, str]]:
        """Loop while an index is below `last`: its variable, which it raises, and its value."""
        name = self.name()
        index = self.variable("i64", first)
        self.do(f"br label %{name}.head")
        self.label(f"{name}.head")
        value = self.get(index, "i64")
        more = self.let(f"icmp slt i64 {value}, {last}")
        self.do(f"br i1 {more}, label %{name}.body, label %{name}.end")
        self.label(f"{name}.body")
        yield index, value
        self.do(f"br label %{name}.head")
        self.label(f"{name}.end")

    @contextmanager
    def loop(self, first: str, last: str, step: int | str = 1) -> Iterator[str]:
        """Loop of an index from `first` to before `last`."""
        with self.below(first, last) as (index, value):
            yield value
            self.set(index, "i64", self.sum(value, step))

    @contextmanager
    def blocks(self, first: str, last: str, most: int, lanes: int) -> Iterator[tuple[str, str]]:
        """Loop of bounds of blocks: each of whole vectors but the last, which is less than one."""
        with self.below(first, last) as (index, begin):
            left = self.let(f"sub i64 {last}, {begin}")
            whole = self.smaller(self.let(f"and i64 {left}, {-lanes}"), str(most))
            is_less = self.let(f"icmp eq i64 {whole}, 0")
            stop = self.sum(begin, self.let(f"select i1 {is_less}, i64 {left}, i64 {whole}"))
            yield begin, stop
            self.set(index, "i64", stop)

    @contextmanager
    def unless(self, condition: str) -> Iterator[None]:
        """Code that runs if a condition is false."""
        name = self.name()
        self.do(f"br i1 {condition}, label %{name}.end, label %{name}.body")
        self.label(f"{name}.body")
        yield
        self.do(f"br label %{name}.end")
        self.label(f"{name}.end")

    def smaller(self, left: str, right: str) -> str:
        """Smaller of two integers."""
        less = self.let(f"icmp slt i64 {left}, {right}")
        return self.let(f"select i1 {less}, i64 {left}, i64 {right}")

    def product(self, left: str, right: str | int) -> str:
        """Product of two integers."""
        return self.let(f"mul nsw i64 {left}, {right}")

    def sum(self, left: str, right: str | int) -> str:
        """Sum of two integers."""
        return self.let(f"add nsw i64 {left}, {right}")
