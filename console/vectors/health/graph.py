"""Elements in pages of an hnsw index: which are in the graph, and which VACUUM has taken out of it. Pure."""

from __future__ import annotations

import struct

_HEADER, _ITEM, _SPECIAL = 24, 4, 8
_NORMAL = 1
_PAGE_ID = 0xFF90
_ELEMENT = 1
_DELETED_AT = 2


def elements(page_hex: str) -> tuple[int, int] | None:
    """(all, deleted) elements of a page; None where it is none of an hnsw index, or its first.

    As pgvector 0.5 to 0.8 write it: a tuple begins with its type, its level, and whether it is deleted.
    """
    page = bytes.fromhex(page_hex)
    for order in "<>":
        lower, special = struct.unpack_from(f"{order}H2xH", page, 12)
        if special + _SPECIAL == len(page) and struct.unpack_from(f"{order}H", page, special + 6)[0] == _PAGE_ID:
            break
    else:
        return None
    found = deleted = 0
    for place in range(_HEADER, lower, _ITEM):
        (item,) = struct.unpack_from(f"{order}I", page, place)
        offset, flags = (item & 0x7FFF, item >> 15 & 3) if order == "<" else (item >> 17, item >> 15 & 3)
        if flags == _NORMAL and page[offset] == _ELEMENT:
            found += 1
            deleted += page[offset + _DELETED_AT] != 0
    return found, deleted
