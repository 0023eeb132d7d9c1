"""Walks the pickle inside a torch zip checkpoint without importing what it names.

Globals become inert symbols, calls become inert records, and the only thing looked for is
`torch._utils._rebuild_tensor_v2(storage, offset, shape, stride, ...)`. Symbols from outside the
usual modules are reported: a checkpoint that names `posix.system` is worth knowing about.
"""

import pickletools
import zipfile

from .dtypes import BITS, STORAGE_DTYPES

LARGEST_PICKLE = 256 << 20
MOST_OPCODES = 3_000_000
MOST_TENSORS = 1_000_000
LONGEST_NAME = 2000
USUAL_MODULES = (
    "torch",
    "collections",
    "numpy",
    "_codecs",
    "builtins",
    "__builtin__",
    "copyreg",
    "__torch__",
)
# How torch stores modules; these keys say nothing in a tensor's name.
PASSED_OVER = ("", "_modules", "_parameters", "_buffers")
DEEPEST = 100
HARMLESS_BUILTINS = (
    "set",
    "list",
    "dict",
    "tuple",
    "int",
    "float",
    "bool",
    "str",
    "bytes",
    "bytearray",
    "complex",
    "slice",
    "range",
    "frozenset",
    "object",
)


class Symbol:
    """A global that the pickle names; it is never imported."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Call:
    """A call that the pickle asks for; it is never made."""

    def __init__(self, function: object, arguments: object) -> None:
        self.function, self.arguments = function, arguments
        self.state = None  # type: object


class _Mark:
    pass


def tensors(path: str) -> tuple:
    """Return ({tensor name: {dtype, shape}}, {suspicious symbols}) of a torch zip checkpoint.

    Raises ValueError where the archive is no checkpoint and zipfile.BadZipFile where it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        inside = [info for info in archive.infolist() if info.filename.endswith("data.pkl")]
        if not inside:
            raise ValueError("a zip archive without data.pkl is no torch checkpoint")
        if inside[0].file_size > LARGEST_PICKLE:
            raise ValueError("the pickle inside is larger than 256 MiB")
        with archive.open(inside[0]) as stream:
            root, symbols, storages = walk(stream.read())
        place = inside[0].filename[: -len("data.pkl")] + "data/"
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    if any(name.endswith("/.data/extern_modules") for name in sizes):
        storages = {}  # torch.package keeps them elsewhere
    for key, needed in storages.items():
        if sizes.get(place + key, -1) < needed:
            raise ValueError("damaged: the values of storage %s are missing, or cut" % key[:40])
    found = {}
    _gather(root, "", found, set(), 0)
    foreign = sorted(symbol for symbol in symbols if not _is_usual(symbol))
    return found, {"foreign_symbols": foreign} if foreign else {}


def _is_usual(symbol: str) -> bool:
    module, _, name = symbol.rpartition(".")
    if module in ("builtins", "__builtin__"):
        return name in HARMLESS_BUILTINS
    return module.split(".")[0] in USUAL_MODULES


def walk(data: bytes) -> tuple:
    """Return (the unpickled structure made of inert parts, the names of its globals, storages)."""
    machine = _Machine()
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if count > MOST_OPCODES:
            raise ValueError("the pickle is longer than any checkpoint's")
        machine.step(opcode.name, argument)
    return (machine.stack[-1] if machine.stack else None), machine.symbols, machine.storages


class _Machine:
    """A pickle machine that builds containers and nothing else."""

    def __init__(self) -> None:
        self.stack, self.memo, self.symbols = [], {}, set()
        self.storages = {}  # the fewest bytes of each, by its key

    def step(self, name: str, argument: object) -> None:
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in _IGNORED:
            self.stack.append(argument)

    def since_mark(self) -> list:
        items = []
        while self.stack:
            item = self.stack.pop()
            if isinstance(item, _Mark):
                break
            items.append(item)
        return items[::-1]

    def symbol(self, module: str, name: str) -> None:
        self.symbols.add("%s.%s" % (module, name))
        self.stack.append(Symbol(module, name))

    def storage(self, item: object) -> None:
        """Keep a reference to values outside the pickle: ("storage", type, key, place, elements)."""
        if isinstance(item, tuple) and len(item) > 4 and isinstance(item[2], str):
            kind = STORAGE_DTYPES.get(item[1].name) if isinstance(item[1], Symbol) else None
            if isinstance(item[4], int):
                self.storages[item[2]] = BITS.get(kind, 8) * item[4] // 8
        self.stack.append(("storage", item))

    def push(self, item: object) -> None:
        self.stack.append(item)

    def pop(self, count: int) -> list:
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def call(self) -> None:
        function, arguments = self.pop(2)
        if isinstance(function, Symbol) and function.name == "OrderedDict":
            self.push({})
        else:
            self.push(Call(function, arguments))

    def build(self) -> None:
        state = self.stack.pop()
        if self.stack and isinstance(self.stack[-1], Call):
            self.stack[-1].state = state

    def set_items(self, items: list) -> None:
        target = self.stack[-1] if self.stack else None
        if isinstance(target, Call):
            if not isinstance(target.state, dict):
                target.state = {}
            target = target.state
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2]):
                if isinstance(key, (str, int, bytes, bool, float, type(None))):
                    target[key] = value

    def extend(self, items: list) -> None:
        if self.stack and isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_IGNORED = ("PROTO", "FRAME", "STOP")
_STEPS = {
    "MARK": lambda machine, _: machine.push(_Mark()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_SET": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "DICT": lambda machine, _: machine.push(dict(zip(*[iter(machine.since_mark())] * 2))),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.pop(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.pop(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.pop(3))),
    "FROZENSET": lambda machine, _: machine.push(machine.since_mark()),
    "ADDITEMS": lambda machine, _: machine.extend(machine.since_mark()),
    "APPEND": lambda machine, _: machine.extend(machine.pop(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items(machine.pop(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "GLOBAL": lambda machine, argument: machine.symbol(*argument.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.symbol(*[str(part) for part in machine.pop(2)]),
    "REDUCE": lambda machine, _: machine.call(),
    "NEWOBJ": lambda machine, _: machine.call(),
    "NEWOBJ_EX": lambda machine, _: machine.push(Call(*machine.pop(3)[:2])),
    "BUILD": lambda machine, _: machine.build(),
    "BINPERSID": lambda machine, _: machine.storage(machine.stack.pop()),
    "BINPUT": lambda machine, argument: machine.memo.__setitem__(argument, machine.stack[-1]),
    "LONG_BINPUT": lambda machine, argument: machine.memo.__setitem__(argument, machine.stack[-1]),
    "PUT": lambda machine, argument: machine.memo.__setitem__(argument, machine.stack[-1]),
    "MEMOIZE": lambda machine, _: machine.memo.__setitem__(len(machine.memo), machine.stack[-1]),
    "BINGET": lambda machine, argument: machine.push(machine.memo[argument]),
    "LONG_BINGET": lambda machine, argument: machine.push(machine.memo[argument]),
    "GET": lambda machine, argument: machine.push(machine.memo[argument]),
    "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.push(machine.stack[-1]),
}


def _gather(item: object, name: str, found: dict, seen: set, depth: int) -> None:
    """Collect tensors below an inert structure, named by the keys that lead to them."""
    shape = _tensor(item)
    if shape is not None:
        found[name or "tensor"] = shape
        return
    if depth > DEEPEST or id(item) in seen:
        return
    if len(name) > LONGEST_NAME or len(found) > MOST_TENSORS:
        raise ValueError("its names are longer, or more, than any checkpoint's")
    seen.add(id(item))
    for key, value in _children(item):
        inner = name
        if key not in PASSED_OVER:
            inner = "%s.%s" % (name, str(key)[:LONGEST_NAME]) if name else str(key)[:LONGEST_NAME]
        _gather(value, inner, found, seen, depth + 1)


def _children(item: object) -> list:
    if isinstance(item, dict):
        return list(item.items())
    if isinstance(item, (list, tuple)):
        return list(enumerate(item))
    if isinstance(item, Call):
        parts = [] if item.state is None else [("", item.state)]
        inner = _children(item.state) if isinstance(item.state, dict) else parts
        arguments = item.arguments if isinstance(item.arguments, tuple) else ()
        return inner + [("%d" % index, part) for index, part in enumerate(arguments)]
    return []


def _tensor(item: object) -> dict:
    """Return {dtype, shape} if this is the rebuilding of a tensor (or of a parameter)."""
    if not isinstance(item, Call) or not isinstance(item.function, Symbol):
        return None
    arguments = item.arguments if isinstance(item.arguments, tuple) else ()
    if item.function.name.startswith("_rebuild_parameter") and arguments:
        return _tensor(arguments[0])
    if not item.function.name.startswith("_rebuild_tensor") or len(arguments) < 3:
        return None
    shape = arguments[2]
    if not all(isinstance(part, int) and 0 <= part < 1 << 60 for part in shape):
        raise ValueError("a tensor's shape is no shape")
    return {"dtype": _dtype(arguments), "shape": list(shape)}


def _dtype(arguments: tuple) -> str:
    for argument in arguments[4:]:
        if isinstance(argument, Symbol) and argument.module == "torch":
            return argument.name
    storage = arguments[0]
    if isinstance(storage, tuple) and storage[0] == "storage" and isinstance(storage[1], tuple):
        kind = storage[1][1] if len(storage[1]) > 1 else None
        if isinstance(kind, Symbol):
            return STORAGE_DTYPES.get(kind.name, kind.name)
    return "unknown"
