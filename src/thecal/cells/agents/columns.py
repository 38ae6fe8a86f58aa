"""Lines of a table for sixteen cells at once, turned into columns.

Each cell needs a few neighbouring numbers from a place that only it knows. Reading them one by one, or by gather
instructions, costs more than the whole of its motion; reading each cell's line at once and transposing sixteen of them
in registers costs a fifth of that. Written out here because no compiler finds it.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 8   # floats in a line of the table
LANES = 16  # cells at once


def _shuffle(builder, first, second, lanes):  # type: ignore[no-untyped-def]
    word = ir.IntType(32)
    mask = ir.Constant(ir.VectorType(word, len(lanes)), [word(lane) for lane in lanes])
    return builder.shuffle_vector(first, second, mask)


def _line(builder, table, nodes, cell):  # type: ignore[no-untyped-def]
    """The eight floats of the node at which a cell is."""
    node = builder.sext(builder.load(builder.gep(nodes, [cell])), ir.IntType(64))
    place = builder.gep(table, [builder.mul(node, node.type(WIDTH))])
    return builder.load(builder.bitcast(place, ir.VectorType(ir.FloatType(), WIDTH).as_pointer()), align=4)


@intrinsic
def columns(typingctx, table, nodes, first, block, row):  # type: ignore[no-untyped-def]
    """Put what 16 cells from ``first`` on find in the table into six rows of a block, from ``row`` on.

    Arguments:
        table: (nodes * 8,) float32. nodes: int32, where each cell is. block: (rows, cells) float32, C-contiguous.
    """
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        arrays = [context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 1, 3)]
        table, nodes, block = arrays
        q, row = arguments[2], arguments[4]
        cells = [builder.add(q, q.type(n)) for n in range(LANES)]
        lines = [_line(builder, table.data, nodes.data, cell) for cell in cells]
        rows = [_shuffle(builder, lines[n], lines[n + WIDTH], range(LANES)) for n in range(WIDTH)]
        for stride in (1, 2, 4):  # 8 x 8 transposes of the two halves: swap ever larger squares off the diagonal
            for i in (i for i in range(WIDTH) if not i & stride):
                low, high = rows[i], rows[i | stride]
                rows[i] = _shuffle(builder, low, high, [LANES + (j ^ stride) if j & stride else j
                                                        for j in range(LANES)])
                rows[i | stride] = _shuffle(builder, low, high, [LANES + j if j & stride else j | stride
                                                                 for j in range(LANES)])
        cells_per_row = cgutils.unpack_tuple(builder, block.shape)[1]
        vector = ir.VectorType(ir.FloatType(), LANES).as_pointer()
        for j in range(6):
            start = builder.add(builder.mul(builder.add(row, row.type(j)), cells_per_row), q)
            builder.store(rows[j], builder.bitcast(builder.gep(block.data, [start]), vector), align=4)
        return context.get_dummy_value()
    return types.none(table, nodes, types.intp, block, types.intp), generate
