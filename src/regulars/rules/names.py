"""People's names: the REST dialect has one `name`, the RPC dialect a first and a last name."""

from __future__ import annotations


def tidy_name(text: str) -> str:
    """A name without white space at its ends, and each run of it inside as one space."""
    return " ".join(text.split())


def split_name(full: str) -> tuple[str, str]:
    """First and last name: the full name cut at its last space. A single word is a first name.

    `join_name(*split_name(full))` is `full` again once its white space is tidied, so a name that
    came in whole goes out whole even where the cut is not where its bearer would make it.
    """
    tidy = tidy_name(full)
    first, space, last = tidy.rpartition(" ")
    return (first, last) if space else (tidy, "")


def join_name(first: str, last: str) -> str:
    """The full name of a first and a last name, either of which may be empty."""
    return tidy_name(f"{first} {last}")
