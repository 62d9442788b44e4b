"""Numbers and runs as the tables of Sources/Tokenization hold them: LEB128, in base64, in Swift's text of many lines."""
import base64

SCALAR_LIMIT = 0x110000


def leb128(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def run_lengths(values):
    """(length, value) of each run of equal values over all code points."""
    start = 0
    for c in range(1, SCALAR_LIMIT + 1):
        if c == SCALAR_LIMIT or values[c] != values[start]:
            yield c - start, values[start]
            start = c


def byte_runs(table):
    """Runs as pairs of a length and a byte, and how many there are."""
    pairs = [leb128(length) + bytes([value]) for length, value in run_lengths(table)]
    return b"".join(pairs), len(pairs)


def write_text(file, variable, data):
    """Writes `static let VARIABLE` of bytes in base64, and returns its length."""
    text = base64.b64encode(data).decode()
    lines = [text[i : i + 112] for i in range(0, len(text), 112)]
    file.write(f'  static let {variable} = """\n')
    for line in lines[:-1]:
        file.write(f"    {line}\\\n")
    file.write(f'    {lines[-1]}\n    """\n')
    return len(text)
