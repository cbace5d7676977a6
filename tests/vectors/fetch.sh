#!/bin/sh
# Brings NIST's RSA signature vectors (public domain; as packed in PyPI's cryptography_vectors) into target/vectors, where the tests
# `vectors::nist` look for them. Wants python3 with pip, and the network.
set -eu
cd "$(dirname "$0")/../.."
into="${CARGO_TARGET_DIR:-target}/vectors"
version=50.0.2
[ -f "$into/SigVerPSS_186-3.rsp" ] && [ -f "$into/SigVer15_186-3.rsp" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" "cryptography_vectors==$version"
mkdir -p "$into"
python3 - "$work"/cryptography_vectors-*.whl "$into" <<'PY'
import os, sys, zipfile
wheel, into = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in ("SigVer15_186-3.rsp", "SigVerPSS_186-3.rsp"):
        data = archive.read(f"cryptography_vectors/asymmetric/RSA/FIPS_186-2/{name}")
        with open(os.path.join(into, name), "wb") as out:
            out.write(data)
PY
