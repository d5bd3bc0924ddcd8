"""The way into the program, written for its inputs: a loop over two inputs would cost as much as the step itself."""

from tinygraph.compile.task import Task


def entry(task: Task, is_one: bool, locks: int) -> str:
    """The text of `call(inputs…)`: checks, memory for these shapes, the step, and all updates at once.

    It names `ndarray`, `asarray`, `dtype0`…, `converted`, `input0`…, `check`, `memories` by the shapes of the inputs,
    `met` for shapes that are new, `make`, `step`, `lock0`…, `parameters`, `parameter0`…, `updated`, `read`, `write`,
    `faults`, `explained`, and `answer` for outputs that are several, or in a structure.
    """
    inputs = [f"x{place}" for place in range(len(task.inputs))]
    given = "".join(f"{x}, " for x in inputs)
    shapes = "".join(f"{x}.shape, " for x in inputs)
    odd = [f"type({x}) is not ndarray or {x}.dtype is not dtype{place}" for place, x in enumerate(inputs)]
    stated = [place for place, node in enumerate(task.inputs) if "sums_to_one" in node.params]
    outputs = "".join(f"y{place}, " for place in range(len(task.outputs)))
    news = "".join(f"new{place}, " for place in range(len(task.updates)))
    held = [f"h{place}" for place in range(len(task.parameters))]
    if set(task.parameters) <= set(task.updates):  # nobody else writes now, so they can be read one by one
        reading = [f"{h} = parameter{place}._array" for place, h in enumerate(held)]
    else:
        reading = [f"{''.join(f'{h}, ' for h in held)}= map(read, parameters)"]
    for h in held:  # after a step in JAX, an array of JAX's
        reading += [f"if type({h}) is not ndarray:", f"    {h} = asarray({h})"]
    run = [
        *reading,
        "try:",
        f"    {f'({outputs}{news}) = ' if outputs or news else ''}step(pieces, {given}{', '.join(held)})",
        "except faults as fault:",
        "    raise explained(fault) from fault",
        *([f"any(map(write, updated, ({news})))"] if news else []),
    ]
    if locks:
        taken = ", ".join(f"lock{place}" for place in range(locks))
        run = [f"with {taken}:", *(f"    {line}" for line in run)]
    lines = [
        *([f"if {' or '.join(odd)}:", f"    {given}= converted({given})"] if inputs else []),
        *(f"check(input{place}, x{place})" for place in stated),
        f"memory = memories.get(({shapes})) or met({given})",
        "free = memory.free",
        "try:",
        "    pieces = free.pop()",
        "except IndexError:",
        "    pieces = make(*memory.sizes)",
        *run,
        "free.append(pieces)",
        f"return {'y0' if is_one else f'answer(({outputs}))'}",
    ]
    return "\n".join([f"def call({given}):", *(f"    {line}" for line in lines)])
