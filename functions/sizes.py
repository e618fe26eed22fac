"""How large the functions are: `python3 functions/sizes.py backup failover` looks at their zips in target/lambda.

A function that is large takes long to start, in the minutes in which everybody waits for it.
"""

import sys
import zipfile
from pathlib import Path

# In bytes: a little above what they are.
LARGEST_BINARY = 10_500_000
LARGEST_ZIP = 4_800_000


def main(functions):
    too_large = []
    print(f"{'function':<14}{'binary MB':>10}{'zip MB':>8}")
    for function in functions:
        package = Path("target/lambda", f"{function}.zip")
        with zipfile.ZipFile(package) as content:
            binary = content.getinfo("bootstrap").file_size
        size = package.stat().st_size
        print(f"{function:<14}{binary / 1e6:>10.2f}{size / 1e6:>8.2f}")
        if binary > LARGEST_BINARY or size > LARGEST_ZIP:
            too_large.append(function)
    if too_large:
        sys.exit(
            f"{', '.join(too_large)}: more than {LARGEST_BINARY / 1e6} MB, or {LARGEST_ZIP / 1e6} MB as a zip. "
            "See what its crates bring (`cargo tree`), and leave out features that nothing needs."
        )


main(sys.argv[1:])
