"""One operator at a time in ONNX Runtime, one thread, by the process's CPU time: what
docs/experiments/019 and 020 compare.

    python3 -m venv venv && venv/bin/pip install onnx onnxruntime numpy
    venv/bin/python bench/kernels.py convolutions | images | shifts | directions
"""

import sys
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(0)
SHAPES = [(64, 64, 32), (128, 64, 32), (128, 128, 16), (256, 128, 16), (256, 256, 8), (512, 256, 8)]
FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8
INPUT = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
         [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
OUTPUT = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def integers(*values):
    return np.array(values, np.int64)


def session(nodes, constants, x, blocked=True):
    """A session of the graph from "x" to "y", with its input."""
    kind = UINT8 if x.dtype == np.uint8 else FLOAT
    out = UINT8 if kind == UINT8 else FLOAT
    graph = helper.make_graph(
        [helper.make_node(op, ins, outs, domain=attributes.pop("domain", ""), **attributes)
         for op, ins, outs, attributes in nodes],
        "kernel",
        [helper.make_tensor_value_info("x", kind, x.shape)],
        [helper.make_tensor_value_info("y", out, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if blocked else level.ORT_ENABLE_EXTENDED
    options.enable_mem_pattern = False
    return ort.InferenceSession(model.SerializeToString(), options), {"x": x}


def winograd(n, ci, co, side, tile=0):
    """The present form: phases, F(4,3) along the columns, a convolution along the rows. With a tile
    of 2 or 4, F(tile,3) along the rows as well: products by matrices that shift and transform."""
    rows = side // 4
    constants = {
        "B": np.array(INPUT, np.float32), "A": np.array(OUTPUT, np.float32),
        "bias": floats(1, co, 1, 1, 1),
        "0": integers(0), "1": integers(1), "3": integers(3), "4": integers(4),
        "last": integers(rows - 1), "rows": integers(rows),
        "down": integers(0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
        "up": integers(0, 0, 0, 0, 0, 0, 0, 0, 1, 0),
        "flat": integers(6, ci * n * rows * side),
        "flat2": integers(6, co * n * rows * side), "out": integers(4, co, n, rows, side),
    }
    nodes = [
        ("Slice", ["x", "3", "4", "0"], ["a"], {}), ("Slice", ["a", "0", "last", "3"], ["b"], {}),
        ("Pad", ["b", "down"], ["above"], {}),
        ("Slice", ["x", "0", "1", "0"], ["c"], {}), ("Slice", ["c", "1", "rows", "3"], ["d"], {}),
        ("Pad", ["d", "up"], ["below"], {}),
        ("Concat", ["above", "x", "below"], ["tiles"], {"axis": 0}),
        ("Reshape", ["tiles", "flat"], ["e"], {}), ("MatMul", ["B", "e"], ["f"], {}),
    ]
    if tile == 0:
        constants["W"] = floats(6 * co, ci, 1, 3)
        constants["maps"] = integers(1, 6 * ci, n * rows, side)
        nodes += [
            ("Reshape", ["f", "maps"], ["g"], {}),
            ("Conv", ["g", "W"], ["h"], {"group": 6, "kernel_shape": [1, 3], "pads": [0, 1, 0, 1]}),
        ]
    else:
        tiles = side // tile
        constants["lines"] = integers(6 * ci * n * rows, side)
        constants["product"] = integers(6, ci, n * rows * tiles)
        constants["back"] = integers(6 * co * n * rows, tiles)
        into, back = row_matrices(side, tile)
        constants["Y"] = np.concatenate(back)
        nodes.append(("Reshape", ["f", "lines"], ["g"], {}))
        for q, matrix in enumerate(into):
            constants[f"V{q}"], constants[f"U{q}"] = matrix, floats(6, co, ci)
            nodes += [
                ("MatMul", ["g", f"V{q}"], [f"v{q}"], {}),
                ("Reshape", [f"v{q}", "product"], [f"w{q}"], {}),
                ("MatMul", [f"U{q}", f"w{q}"], [f"m{q}"], {}),
                ("Reshape", [f"m{q}", "back"], [f"n{q}"], {}),
            ]
        nodes += [
            ("Concat", [f"n{q}" for q in range(len(into))], ["all"], {"axis": 1}),
            ("MatMul", ["all", "Y"], ["h"], {}),
        ]
    nodes += [
        ("Reshape", ["h", "flat2"], ["i"], {}), ("MatMul", ["A", "i"], ["j"], {}),
        ("Reshape", ["j", "out"], ["k"], {}), ("Add", ["k", "bias"], ["y"], {}),
    ]
    return session(nodes, constants, floats(4, ci, n, rows, side), blocked=False)


def row_matrices(side, tile):
    """F(tile,3) along rows of this length: what they are multiplied with before and after."""
    b = INPUT if tile == 4 else [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]
    a = OUTPUT if tile == 4 else [[1, 1, 1, 0], [0, 1, -1, -1]]
    into = np.zeros((tile + 2, side, side // tile), np.float32)
    back = np.zeros((tile + 2, side // tile, side), np.float32)
    for q in range(tile + 2):
        for j in range(side // tile):
            for i in range(tile + 2):
                if 0 <= j * tile + i - 1 < side:
                    into[q, j * tile + i - 1, j] = b[q][i]
            back[q, j, j * tile:(j + 1) * tile] = [row[q] for row in a]
    return list(into), list(back)


def blocked_chain(n, ci, co, side, length=4):
    """Plain convolutions one after the other, in ONNX Runtime's blocked layout."""
    assert ci == co
    constants = {f"W{i}": floats(co, ci, 3, 3) for i in range(length)}
    names = ["x", *[f"h{i}" for i in range(1, length)], "y"]
    nodes = [("Conv", [names[i], f"W{i}"], [names[i + 1]],
              {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}) for i in range(length)]
    return session(nodes, constants, floats(n, ci, side, side))


def int8(n, ci, co, side):
    """float32 to uint8, a convolution by int8 weights a channel, and back; channels last."""
    constants = {
        "W": RNG.integers(-127, 128, (co, ci, 3, 3)).astype(np.int8),
        "xs": np.float32(0.02), "zero": np.uint8(128), "ys": np.float32(0.5),
        "ws": np.full(co, 0.01, np.float32), "wz": np.zeros(co, np.int8),
        "bias": np.zeros(co, np.int32),
    }
    nodes = [
        ("QuantizeLinear", ["x", "xs", "zero"], ["q"], {}),
        ("QLinearConv", ["q", "xs", "zero", "W", "ws", "wz", "ys", "zero", "bias"], ["r"],
         {"domain": "com.microsoft", "channels_last": 1, "kernel_shape": [3, 3],
          "pads": [1, 1, 1, 1]}),
        ("DequantizeLinear", ["r", "ys", "zero"], ["y"], {}),
    ]
    return session(nodes, constants, floats(n, side, side, ci))


def fastest(*kernels, rounds=21):
    """Milliseconds of the fastest run of each, in turn."""
    times = [[] for _ in kernels]
    for _ in range(rounds):
        for (run, feeds), found in zip(kernels, times):
            start = time.process_time()
            run.run(None, feeds)
            found.append(time.process_time() - start)
    return [1e3 * min(found) for found in times]


def convolutions():
    print("| images | channels | side | Winograd | plain, blocked | int8 | times as fast |")
    for n in (4, 8):
        for ci, co, side in SHAPES:
            plain = session([("Conv", ["x", "W"], ["y"],
                              {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]})],
                            {"W": floats(co, ci, 3, 3)}, floats(n, ci, side, side))
            a, b, c = fastest(winograd(n, ci, co, side), plain, int8(n, ci, co, side))
            print(f"| {n} | {ci} to {co} | {side} | {a:.2f} | {b:.2f} | {c:.2f} | {a / c:.1f} |")


def images():
    print("| channels | side | 1 image | 2 | 4 | 8 | blocked chain, 4 |")
    for ci, co, side in [(64, 64, 32), (128, 128, 16), (256, 256, 8)]:
        counts = (1, 2, 4, 8)
        *each, chain = fastest(*[winograd(n, ci, co, side) for n in counts],
                               blocked_chain(4, ci, co, side))
        cells = [f"{ms / n:.2f}" for ms, n in zip(each, counts)] + [f"{chain / 16:.2f}"]
        print(f"| {ci} | {side} | {' | '.join(cells)} |")


def directions():
    print("| channels | side | columns, ms | and rows by F(2,3) | F(4,3) | times as fast |")
    for ci, co, side in [*SHAPES[:3], (256, 128, 16), (256, 256, 16), (128, 128, 8)]:
        a, b, c = fastest(*[winograd(4, ci, co, side, tile) for tile in (0, 2, 4)])
        print(f"| {ci} to {co} | {side} | {a:.2f} | {b:.2f} | {c:.2f} | {a / min(b, c):.2f} |")


def shifts():
    print("| width | Pad, ns a number | product | times as fast |")
    for width in (4, 8, 16, 32, 64):
        x = floats(6, 800_000 // 6 // width, width)
        pads = integers(0, 0, 1, 0, 0, -1)
        a, b = (1e6 * ms / x.size for ms in fastest(
            session([("Pad", ["x", "p"], ["y"], {})], {"p": pads}, x),
            session([("MatMul", ["x", "S"], ["y"], {})],
                    {"S": np.eye(width, k=1, dtype=np.float32)}, x)))
        print(f"| {width} | {a:.2f} | {b:.2f} | {a / b:.1f} |")


if __name__ == "__main__":
    {"convolutions": convolutions, "images": images, "shifts": shifts,
     "directions": directions}[sys.argv[1]]()
