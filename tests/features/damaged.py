"""A Parquet file as a failing disk or a broken copy leaves it."""

from pathlib import Path

import pyarrow.parquet as pq


def damaged(path: Path, column: str) -> None:
    """Turn over the bytes of one column; header and footer of the file stay right."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    places = [group.column(place) for place in range(group.num_columns)]
    (stored,) = [place for place in places if place.path_in_schema == column]
    start = stored.dictionary_page_offset or stored.data_page_offset
    content = bytearray(path.read_bytes())
    for at in range(start + 1, start + stored.total_compressed_size):
        content[at] ^= 0x5A
    path.write_bytes(content)
