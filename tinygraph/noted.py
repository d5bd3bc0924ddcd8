"""What the notes write otherwise: their dZ is that of the sum, and the 1/m of the mean comes in with dW."""

from collections.abc import Iterator, Mapping, Sequence

from tinygraph.algebra import collected, split, taken_out
from tinygraph.backprop import Backprop
from tinygraph.derive import Blackboard, Line, with_instead
from tinygraph.graph import INPUT, Node
from tinygraph.notation import listed
from tinygraph.ops.elementwise import divide, multiply
from tinygraph.order import order
from tinygraph.reading import write
from tinygraph.terms import ONE, Sum, Term, alone, is_size

IN_NOTES = "as in the notes"
"""The rule of a line that takes dZ without the 1/m of the mean."""

SOFTMAX = {"softmax", "log_softmax", "logsumexp"}


def with_notes(board: Blackboard, wrt: Sequence[Node]) -> tuple[list[Line], list[str]]:
    """The lines of a derivation, those of parameters ended as the notes have it; and what is said below."""
    leaves, means = [box for box in board.lines if not box.args], _means(board)
    told: set[Node] = set()
    last = {box: line for box in leaves if (line := _as_in_the_notes(board, box, means, told))}
    if len(last) < len(leaves):  # one symbol would have two meanings
        last = {}
    lines = [line for box, own in board.lines.items() for line in [*own, *([last[box]] if box in last else [])]]
    return lines, [note for box in wrt for note in _notes(board, box, means)] + list(_labels(board))


def _as_in_the_notes(board: Blackboard, box: Node, means: Mapping[Node, Term | None], told: set[Node]) -> Line | None:
    """dW = 1/m · X dZᵀ, where dZ is the gradient without the 1/m of the mean."""
    back, parts = board.back, board.back.parts[box]
    if len(parts) != 1 or parts[0].local is not None or parts[0].user not in back.folded.given:
        return None
    user, mean = parts[0].user, means.get(parts[0].user)
    stand_in = Node(INPUT, (), {}, user.shape, user.dtype, back.folded.d[user])
    node = back.simplified(with_instead(parts[0].node, back.arriving[user], stand_in))
    if mean is None or not _is_plain_product(node, stand_in, back):
        return None
    factor, d = write(Sum([mean])), back.folded.d[user]
    one_over = back.formula(factor)
    alone = f" = {_without(board, user, mean)}" if _has_size(board.result[user]) else ""
    why = "" if user in told else f"there {d}{alone} is the gradient of the sum, and the {one_over.text} comes in here"
    told.add(user)
    formula = one_over.times_with_dot(back.formula(node))
    also = {stand_in: divide(back.arriving[user], factor)}
    return Line(box, multiply(factor, node), formula, IN_NOTES, why, also)


def _is_plain_product(node: Node, stand_in: Node, back: Backprop) -> bool:
    """Whether it is X dZᵀ, dZ Xᵀ or Σ dZ: one named factor, or none."""
    if node.op.name not in ("matmul", "sum"):
        return False
    plain = [arg.args[0] if arg.op.name == "transpose" else arg for arg in node.args]
    return all(arg is stand_in or arg in back.names for arg in plain)


def _means(board: Blackboard) -> dict[Node, Term | None]:
    """The 1/m that each gradient is multiplied by, itself or in the one above it; None for any other number."""
    found: dict[Node, Term | None] = {board.back.J: None}
    for box, terms in board.result.items():
        scale, _ = split(terms)
        sizes = tuple(pair for pair in scale.factors if is_size(pair[0]))
        if sizes:
            found[box] = Term(ONE.number, sizes) if len(sizes) == 1 and sizes[0][1] == -1 else None
            continue
        above = [found.get(part.user) for part in board.back.parts[box]]
        first = above[0] if above else None
        found[box] = first if first and all(term and term.key == first.key for term in above) else None
    return found


def _has_size(terms: Sum) -> bool:
    scale, _ = split(terms)
    return any(is_size(factor) for factor, _ in scale.factors)


def _without(board: Blackboard, box: Node, mean: Term) -> str:
    return board.back.written(board.result[box].scaled(mean.inverse())).text


def _notes(board: Blackboard, box: Node, means: Mapping[Node, Term | None]) -> Iterator[str]:
    """What is to be said below about the gradient of a box."""
    back, d, names = board.back, board.back.folded.d[box], board.back.folded.names
    if box is back.J:
        yield f"{d} = 1: it is what all derivatives are taken of."
    elif box not in back.true:
        yield f"{d} = 0: {names[back.J]} does not depend on {names[box]}."
    if box not in board.result:
        return
    later = [back.folded.d[arg] for arg in back.folded.inputs[box] if arg.op.name == "parameter"]
    mean = means.get(box) if later and _has_size(board.result[box]) else None
    if mean is not None:
        one_over = back.written(Sum([mean])).text
        alone = f"{d} = {_without(board, box, mean)}"
        yield f"In the notes {alone} is the gradient of the sum; the {one_over} then comes in with {listed(later)}."


def _labels(board: Blackboard) -> Iterator[str]:
    """What becomes of Σ Y beside a softmax where the columns of Y sum to one, as one-hot labels do."""
    back, leaves = board.back, set(board.back.arriving.values())
    axes = {_axis(node) for node in order(back.J, *board.laws.roots) if node.op.name in SOFTMAX}
    for box, terms in reversed(board.result.items()):
        sums: dict[Node, None] = {}
        less = taken_out(collected(_with_ones(terms, sums)))
        for total in sums:
            Y, axis = total.args[0], _axis(total)
            if Y not in leaves and axis in axes:
                one = f"{back.formula(total).text} = 1, as for one-hot labels"
                told = f"{back.folded.d[box]} = {back.written(less).text}"
                yield f"Where {one}, {told}: say so by tg.input({Y.name!r}, …, sums_to_one={axis})."
                return


def _axis(node: Node) -> int | None:
    """The one axis that an op works along; None where it is another number of them."""
    axis = node.params["axis"]
    if isinstance(axis, tuple):
        return axis[0] if len(axis) == 1 else None
    return axis


def _with_ones(terms: Sum, sums: dict[Node, None]) -> Sum:
    """The terms with 1 for each sum of an input over one axis."""
    out = []
    for term in terms.terms:
        new = Term(term.number, ())
        for factor, exponent in term.factors:
            if isinstance(factor, Sum):
                new = new.times(alone(_with_ones(factor, sums), exponent))
            elif factor.op.name == "sum" and factor.args[0].op is INPUT and _axis(factor) is not None:
                sums[factor] = None
            else:
                new = new.times(alone(factor, exponent))
        out.append(new)
    return Sum(out)
