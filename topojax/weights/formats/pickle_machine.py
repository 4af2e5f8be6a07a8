"""A pickle reader that cannot run code: opcodes are data, and only named functions are applied.

`pickle.Unpickler` with a restricted `find_class` still lets a file set attributes of what it
loads and make the C reader allocate by a number in the file. Here `pickletools` only splits the
stream into opcodes; what is not in the tables below is refused by name.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from topojax.errors import WeightsError, shown

_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_NUMBERS = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"})
_TEXTS = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
_BYTES = frozenset({"BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"})
_ARGUMENTS = _NUMBERS | _TEXTS | _BYTES
_LARGE = 2**48
_MARK = object()


@dataclass(frozen=True)
class Global:
    """A name that the pickle refers to, such as `torch.FloatStorage`; never imported."""

    name: str


class PickleMachine:
    """The stack and memo of one pickle.

    Args:
        functions: what REDUCE may apply, by the name that the pickle uses.
        values: other names allowed, and what they stand for.
        persistent: from a persistent id to its object.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        values: Callable[[str], Any | None],
        persistent: Callable[[Any], Any],
    ) -> None:
        self._functions = functions
        self._values = values
        self._persistent = persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def load(self, stream: BinaryIO) -> Any:
        """Return the object of the next pickle in the stream, and leave the stream after it.

        Raises:
            WeightsError: the stream is damaged, or asks for anything outside the tables.
        """
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                if opcode.name == "STOP":
                    return self._stack.pop()
                self._step(opcode.name, argument)
        except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, WeightsError):
                raise
            raise WeightsError(f"the pickle in it is damaged ({shown(str(error))})") from error
        raise WeightsError("the pickle in it has no end")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _ARGUMENTS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name == "MARK":
            stack.append(_MARK)
        elif name not in ("PROTO", "FRAME"):
            operation = _OPERATIONS.get(name)
            if operation is None:
                raise WeightsError(f"its pickle uses {name}, which no state dict needs")
            operation(self, argument)

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _pop_mark(self) -> list[Any]:
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth] is _MARK:
                items = self._stack[depth + 1 :]
                del self._stack[depth:]
                return items
        raise ValueError("no mark")

    def _pop_tuple(self, n: int) -> None:
        items = tuple(self._stack[-n:])
        if len(items) < n:
            raise IndexError("stack underflow")
        self._stack[-n:] = [items]

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise TypeError("an item for what is no list")
        target.extend(items)

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict or len(items) % 2:
            raise TypeError("an item for what is no dict")
        check_keys(items[::2])
        target.update(zip(items[::2], items[1::2], strict=True))

    def _set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items([key, value])

    def _push_global(self, name: str) -> None:
        if name in self._functions:
            self._stack.append(Global(name))
            return
        value = self._values(name)
        if value is None:
            raise WeightsError(
                f"it asks for {name[:80]!r}, which is not part of a state dict and was not run; "
                "save the state_dict alone with torch.save(model.state_dict(), path)"
            )
        self._stack.append(value)

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._push_global(f"{module}.{name}")

    def _reduce(self, _: Any) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if not isinstance(function, Global) or type(arguments) is not tuple:
            raise WeightsError("its pickle applies what is not a function")
        self._stack.append(self._functions[function.name](*arguments))

    def _build(self, _: Any) -> None:
        # state_dict() hangs its version numbers on the OrderedDict; they are not needed.
        self._stack.pop()
        if type(self._stack[-1]) is not dict:
            raise WeightsError("its pickle sets attributes of what is not a dict")

    def _push_persistent(self, _: Any) -> None:
        self._stack.append(self._persistent(self._stack.pop()))


def check_keys(keys: Iterable[Any]) -> None:
    """Refuse keys of a dict that are neither text nor small whole numbers.

    Python's hash of a deeply nested tuple overflows the C stack, and a file can choose large
    numbers of which all hashes collide.

    Raises:
        WeightsError: there is such a key.
    """
    for key in keys:
        if type(key) is not str and not (type(key) is int and abs(key) < _LARGE):
            raise WeightsError(
                f"it has a dict with a key of type {type(key).__name__}, where names are text"
            )


_OPERATIONS: dict[str, Callable[[PickleMachine, Any], None]] = {
    "MEMOIZE": PickleMachine._memoize,
    "TUPLE": lambda m, _: m._stack.append(tuple(m._pop_mark())),
    "TUPLE1": lambda m, _: m._pop_tuple(1),
    "TUPLE2": lambda m, _: m._pop_tuple(2),
    "TUPLE3": lambda m, _: m._pop_tuple(3),
    "APPEND": lambda m, _: m._append([m._stack.pop()]),
    "APPENDS": lambda m, _: m._append(m._pop_mark()),
    "SETITEM": PickleMachine._set_item,
    "SETITEMS": lambda m, _: m._set_items(m._pop_mark()),
    "GLOBAL": lambda m, argument: m._push_global(argument.replace(" ", ".", 1)),
    "STACK_GLOBAL": PickleMachine._stack_global,
    "REDUCE": PickleMachine._reduce,
    "BUILD": PickleMachine._build,
    "BINPERSID": PickleMachine._push_persistent,
}
