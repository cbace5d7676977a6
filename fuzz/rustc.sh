#!/usr/bin/env bash
# What run.sh gives cargo as RUSTC_WRAPPER: rustc with the coverage passes that cargo-fuzz asks for, without the sanitizer, which is what would
# need nightly. Only what is compiled for the target is instrumented (not build scripts and procedural macros), and not the arithmetic of
# signatures, where coverage says nothing and costs most.
set -euo pipefail
name= target=
for ((i = 1; i < $#; i++)); do
    next=$((i + 1))
    case ${!i} in --crate-name) name=${!next} ;; --target) target=${!next} ;; esac
done
case $name in
    '' | rsa | num_* | libm | smallvec | lazy_static | sha1 | sha2 | digest | block_buffer | crypto_* | generic_array | p256 | p384 | primeorder | ecdsa | \
        elliptic_curve | sec1 | ff | group | subtle | zeroize | signature | libfuzzer_sys) ;;
    *) [ -z "$target" ] || set -- "$@" --cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares ;;
esac
exec "$@"
