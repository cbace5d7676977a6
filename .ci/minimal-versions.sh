#!/usr/bin/env bash
# The library compiles with the least versions of its dependencies that Cargo.toml admits: each requirement is true, not only lucky.
#
# Works in a copy, so Cargo.lock stays as it is. What tests and examples need is left out: nobody who depends on this crate gets it.
# RUSTC_BOOTSTRAP lets the stable cargo take the option -Z direct-minimal-versions; what it resolves is compiled as usual.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r src docs README.md "$copy"
awk '/^\[/ { keep = !/^\[dev-dependencies\]|^\[\[bench\]\]|^\[\[example\]\]/ } keep' Cargo.toml > "$copy/Cargo.toml"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/minimal-versions
cd "$copy"
RUSTC_BOOTSTRAP=1 cargo update --quiet -Z direct-minimal-versions
cargo tree --all-features --edges normal --depth 1
cargo check --lib --all-features
cargo check --lib --no-default-features
