#!/usr/bin/env bash
# Runs a fuzz target on the stable toolchain, guided by coverage: cargo-fuzz and nightly are not needed.
#
#   fuzz/run.sh TARGET [SECONDS [option of libFuzzer…]]   fuzzes for SECONDS (60); new inputs go to fuzz/corpus.work/TARGET
#   fuzz/run.sh TARGET SECONDS [option…] FILE             only this input (its name is relative to fuzz/)
#   fuzz/run.sh --build                                   only compiles the targets
#   fuzz/run.sh --replay                                  runs every target over its committed corpus, once
#   fuzz/run.sh --list                                    names the targets
#
# A find is written to fuzz/artifacts/TARGET. Needed: cargo, a C++ compiler (for libFuzzer itself).
set -euo pipefail
self=$(realpath "$0")
cd "$(dirname "$self")"

targets=(message certdata cms ldif certificate_and_crl verify compose_parse_verify brief brief_check dsn mbox dossier_ops)
host=$(rustc -vV | sed -n 's/^host: //p')
dir=${CARGO_TARGET_DIR:-$PWD/target}

# --target keeps what rustc.sh adds away from build scripts and procedural macros.
build() {
    RUSTC_WRAPPER=$PWD/rustc.sh cargo build --release --locked --target "$host" --target-dir "$dir" --bins
}

binary() { printf '%s/%s/release/%s' "$dir" "$host" "$1"; }

case ${1:---help} in
    --build) build ;;
    --list) printf '%s\n' "${targets[@]}" ;;
    --replay)
        build
        for target in "${targets[@]}"; do
            count=$(find "corpus/$target" -type f | wc -l)
            [ "$count" -gt 0 ] || { echo "corpus/$target holds nothing" >&2; exit 1; }
            "$(binary "$target")" -runs=0 -timeout=10 "corpus/$target" 2> "$dir/replay.log" || { cat "$dir/replay.log" >&2; exit 1; }
            echo "fuzz corpus replayed: $target, $count inputs"
        done ;;
    -*) sed -n '2,10s/^# \{0,1\}//p' "$self" >&2; exit 2 ;;
    *)
        target=$1 seconds=${2:-60}
        shift $(($# < 2 ? $# : 2))
        [[ " ${targets[*]} " == *" $target "* ]] || { echo "no target $target; there are: ${targets[*]}" >&2; exit 2; }
        build
        mkdir -p "corpus.work/$target" "artifacts/$target"
        options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="artifacts/$target/")
        [ -f "dict/$target.dict" ] && options+=(-dict="dict/$target.dict")
        folders=("corpus.work/$target" "corpus/$target")
        for argument in "$@"; do [ ! -f "$argument" ] || folders=(); done
        exec "$(binary "$target")" "${options[@]}" "$@" ${folders[@]+"${folders[@]}"} ;;
esac
