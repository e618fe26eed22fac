"""How large the functions are: `python3 functions/sizes.py backup failover` looks at their zips in target/lambda.

A function that is large takes long to start, in the minutes in which everybody waits for it.
"""

import sys
import zipfile
from pathlib import Path

# In bytes, by the number that an ELF header has for the processor: of the binary, and of its zip. The first are the goals; x86_64's
# instructions are longer.
LARGEST = {
    183: ("arm64", 7_000_000, 3_300_000),
    62: ("x86_64", 9_300_000, 4_200_000),
}


def main(functions):
    too_large = []
    print(f"{'function':<14}{'for':<8}{'binary MB':>10}{'zip MB':>8}")
    for function in functions:
        package = Path("target/lambda", f"{function}.zip")
        with zipfile.ZipFile(package) as content:
            binary = content.getinfo("bootstrap").file_size
            with content.open("bootstrap") as program:
                machine = int.from_bytes(program.read(20)[18:], "little")
        processor, largest, largest_zip = LARGEST[machine]
        size = package.stat().st_size
        print(f"{function:<14}{processor:<8}{binary / 1e6:>10.2f}{size / 1e6:>8.2f}")
        if binary > largest or size > largest_zip:
            too_large.append(f"{function} has more than {largest / 1e6} MB, or {largest_zip / 1e6} MB as a zip")
    if too_large:
        sys.exit("\n".join([*too_large, "See what its crates bring (`cargo tree`), and leave out features that nothing needs."]))


main(sys.argv[1:])
