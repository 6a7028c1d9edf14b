"""How long is a value of the Redis protocol (RESP2 and RESP3)?"""

__all__ = ["complete"]

SIMPLE = b"+-:_#,("
BULK = b"$!="
AGGREGATE = {ord("*"): 1, ord("~"): 1, ord(">"): 1, ord("%"): 2, ord("|"): 2}
LINE_END = b"\r\n"


def complete(data: bytes) -> bool:
    """Is `data` one or more whole values, with nothing left over?"""
    offset = 0
    while offset < len(data):
        end = _end_of_value(data, offset)
        if end is None:
            return False
        offset = end
    return offset > 0


def _end_of_value(data: bytes, offset: int) -> int | None:
    """The offset after the value that starts here; None when its end has not come yet.

    Raises ValueError for bytes that are no RESP.
    """
    wanted = 1
    while wanted:
        stop = data.find(LINE_END, offset)
        if stop < 0:
            return None
        kind, line = data[offset], data[offset + 1 : stop]
        offset = stop + len(LINE_END)
        wanted -= 1
        if kind in BULK:
            offset += int(line) + len(LINE_END) if int(line) >= 0 else 0
        elif kind in AGGREGATE:
            # Attributes (|) stand before a value and do not count as one.
            wanted += max(int(line), 0) * AGGREGATE[kind] + (kind == ord("|"))
        elif kind not in SIMPLE:
            raise ValueError(f"{bytes([kind])!r} starts no RESP value")
        if offset > len(data):
            return None
    return offset
