"""Text for people."""

from __future__ import annotations


def printable(text: str, length: int = 256) -> str:
    """Cut, and safe in any log and in any protobuf string."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:length])
