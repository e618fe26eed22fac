#!/bin/sh
# Runs a task of Makefile.toml: `./make drill`, `./make test`. The same as `cargo make …`, with cargo-make installed first,
# into the project's own ignored folder, where this machine does not have the pinned version.
set -eu
version=0.37.24
cd "$(dirname "$0")"
tools="$PWD/.local/tools/cargo-make-$version"

if [ "$(cargo make --version 2>/dev/null)" = "cargo-make $version" ]; then
  exec cargo make --loglevel warn "$@"
fi
if [ ! -x "$tools/bin/cargo-make" ]; then
  echo "Installing cargo-make $version into .local (once, about a minute)" >&2
  cargo install --quiet --locked --debug --no-default-features --version "$version" --root "$tools" cargo-make
fi
PATH="$tools/bin:$PATH" exec "$tools/bin/cargo-make" make --loglevel warn "$@"
