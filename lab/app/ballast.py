"""Private, touched memory that can be grown and given back at any time."""

from __future__ import annotations

import mmap

MIB = 2**20


class Ballast:
    """Memory the kernel really has to provide.

    Anonymous private mappings rather than byte arrays: the allocator would keep
    freed arrays for later, and the release must show in the working set at once.
    """

    def __init__(self) -> None:
        self._blocks: list[mmap.mmap] = []
        self.size = 0
        """Bytes held, a multiple of the page size."""

    def resize(self, size: float) -> None:
        """Hold about ``size`` bytes: grow by one block, or drop the newest ones."""
        while self._blocks and self.size > size:
            block = self._blocks.pop()
            self.size -= len(block)
            block.close()
        pages = int((size - self.size) // mmap.PAGESIZE)
        if pages > 0:
            self._grow(pages)

    def _grow(self, pages: int) -> None:
        length = pages * mmap.PAGESIZE
        block = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        block[:: mmap.PAGESIZE] = b"\x01" * pages
        self._blocks.append(block)
        self.size += length
