"""An independent reader of TFRecord files: checksums bit by bit, messages field by field, nothing of the kit."""

import struct


def crc32c(data):
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def mask(crc):
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_records(path, check=True):
    content, place = path.read_bytes(), 0
    while place < len(content):
        length, head = struct.unpack_from("<QI", content, place)
        data = content[place + 12 : place + 12 + length]
        (tail,) = struct.unpack_from("<I", content, place + 12 + length)
        if check:
            assert head == mask(crc32c(content[place : place + 8]))
            assert tail == mask(crc32c(data))
        place += 16 + length
        yield data


def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def fields(data):
    place, found = 0, []
    while place < len(data):
        key, place = varint(data, place)
        if key & 7 == 0:
            value, place = varint(data, place)
        else:
            assert key & 7 == 2
            length, place = varint(data, place)
            value, place = data[place : place + length], place + length
        found.append((key >> 3, value))
    return found


def values_of(feature):
    """Return what a Feature holds."""
    if not feature:
        return []
    [(kind, content)] = fields(feature)
    listed = [value for field, value in fields(content) if field == 1]
    if kind == 1:
        return listed
    if kind == 2:
        return [x for part in listed for x in struct.unpack(f"<{len(part) // 4}f", part)]
    numbers = []
    for part in listed:
        place = 0
        while place < len(part):
            value, place = varint(part, place)
            numbers.append(value - (1 << 64) if value >= 1 << 63 else value)
    return numbers


def tensor_of(data):
    """Return shape and numbers of a TensorProto of float32."""
    told = dict(fields(data))
    assert told[1] == 1
    shape = [dict(fields(size)).get(1, 0) for field, size in fields(told[2]) if field == 2]
    content = told.get(4, b"")
    return shape, list(struct.unpack(f"<{len(content) // 4}f", content))


def example(data):
    """Return a SequenceExample as two dictionaries, of the context and of the lists."""
    made = {1: {}, 2: {}}
    for part, content in fields(data):
        for _, entry in fields(content):
            pair = dict(fields(entry))
            key = pair[1].decode()
            if part == 1:
                made[1][key] = values_of(pair.get(2, b""))
            else:
                made[2][key] = [values_of(feature) for _, feature in fields(pair.get(2, b""))]
    return made[1], made[2]
