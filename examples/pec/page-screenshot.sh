#!/usr/bin/env bash
# Renders a page of `pec dossier --html` as a screen, a phone and a printer show it, to be looked at:
#
#   examples/pec/page-screenshot.sh PAGE.html OUT-FOLDER
#
# Wants chromium, and pdftoppm for the sheets (Debian: chromium, poppler-utils).
set -euo pipefail
page=$(realpath "$1") out=$2
command -v chromium > /dev/null || { echo "chromium is missing (Debian: apt-get install chromium)" >&2; exit 1; }
mkdir -p "$out"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

chromium() {
    timeout 120 "$(type -P chromium)" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$profile" "$@" "file://$page" 2> "$profile/log" \
        || { cat "$profile/log" >&2; return 1; }
}

chromium --screenshot="$out/screen.png" --window-size=1280,"${HEIGHT:-2600}"
# A window is never narrower than 500 pixels: the phone's width is that of a frame.
frame="$profile/frame.html"
printf '<!doctype html><body style="margin:0"><iframe src="file://%s" style="border:0;width:390px;height:%spx"></iframe>' "$page" "${HEIGHT:-3600}" > "$frame"
page=$frame chromium --screenshot="$out/phone.png" --window-size=500,"${HEIGHT:-3600}"
chromium --no-pdf-header-footer --print-to-pdf="$out/print.pdf"
if command -v pdftoppm > /dev/null; then
    rm -f "$out"/sheet-*.png
    pdftoppm -r 70 -png "$out/print.pdf" "$out/sheet"
else
    echo "pdftoppm is missing (Debian: apt-get install poppler-utils): no pictures of the sheets" >&2
fi
ls "$out"
