"""`dbconsole migrate diff A B`: two databases' schemas against each other."""

from __future__ import annotations

from console.commands.migrate import Request
from console.commands.migrate_verify import facts
from console.commands.output import say, write_data, write_json, write_lines
from console.migrate import schema_diff


async def diff(request: Request) -> int:
    """What the second has otherwise than the first, and with --sql the scripts. 1 where they differ."""
    from console.demo.scratch import own_cluster

    options = request.options
    first, second = await request.target_named(options.first), await request.target_named(options.second)
    found = await schema_diff.read(first, second, options.schema or ())
    sentences = found.comparison.differences
    for note in (*found.comparison.renamed, *found.comparison.order):
        say(f"note: {note}")
    pair = None
    if options.sql and sentences:
        own, _ = own_cluster(*await facts(first))
        pair = await schema_diff.scripts(first, second, found, own)
    if options.json:
        write_json({"first": first.label, "second": second.label, "differences": list(sentences),
                    "forth": pair.forth if pair else None, "back": pair.back if pair else None})
    elif pair is not None:
        say(*sentences, f"tried in {pair.where}; owners are not among it")
        write_data(f"-- Makes the schema of {second.label} of that of {first.label}.\n{pair.forth}-- And back:\n"
                   + "".join(f"-- {line}\n" for line in pair.back.splitlines()))
    else:
        write_lines(sentences)
        say(f"{len(sentences)} differences" if sentences else "no differences")
    return int(bool(sentences))
