"""What Apus makes of a table of pyarrow's, as values of JSON. Used by the golden files and by
scripts/check/parquet_parity.py. Made with pyarrow 26.0.1.
"""
import decimal
import math
import uuid

import pyarrow as pa


def plain(value, kind):
    """A value of pyarrow's as the JSON that Apus makes of it."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: plain(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return [{"key": plain(k, kind.key_type), "value": plain(v, kind.item_type)} for k, v in value]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [plain(item, kind.value_type) for item in value]
    if pa.types.is_dictionary(kind):
        return plain(value, kind.value_type)
    if pa.types.is_decimal(kind):
        whole = int(value.scaleb(kind.scale, decimal.Context(prec=80)))
        return whole if -2**63 <= whole < 2**63 else float(whole)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return list(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 2**63:
        return float(value)
    return value


def as_integers(table):
    """The table with dates, times and timestamps as whole numbers."""
    def cast(kind):
        if pa.types.is_timestamp(kind) or pa.types.is_time64(kind) or pa.types.is_duration(kind):
            return pa.int64()
        if pa.types.is_date32(kind) or pa.types.is_time32(kind):
            return pa.int32()
        return None
    for place, field in enumerate(table.schema):
        wanted = cast(field.type)
        if wanted is not None:
            table = table.set_column(place, field.name, table.column(place).cast(wanted))
    return table


def rows_of(table, count):
    """The rows of a table as a list of objects; a table without columns does not know its count of rows."""
    table = as_integers(table)
    columns = [[plain(value, field.type) for value in table.column(place).to_pylist()]
               for place, field in enumerate(table.schema)]
    return [dict(zip(table.schema.names, row)) for row in zip(*columns)] if columns else [{}] * count
