#!/bin/sh
# Makes the fixtures of this folder from bridge.md, bridge.html and bridge.fodt with the programs that make
# such files in the wild. On Debian: apt-get install libreoffice-writer chromium pandoc poppler-utils qpdf
# img2pdf fonts-noto-cjk fonts-liberation. The results differ by version; tests rely on their text only.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# LibreOffice: DOCX with footnote, table, text box, revision, hidden text; and the same as PDF.
office() { soffice -env:UserInstallation="file://$work/office" --headless --convert-to "$1" --outdir "$work" bridge.fodt >/dev/null; }
office docx:"MS Word 2007 XML"
mv "$work/bridge.docx" libreoffice.docx
office pdf
mv "$work/bridge.pdf" libreoffice.pdf

# Chromium's print to PDF: subset CID fonts, ligatures, two columns.
chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --user-data-dir="$work/chromium" --print-to-pdf="$work/chromium.pdf" "file://$PWD/bridge.html" 2>/dev/null
mv "$work/chromium.pdf" chromium.pdf

# Pandoc: EPUB and DOCX.
pandoc bridge.md -o pandoc.epub
pandoc bridge.md -o pandoc.docx

# A page image without text, alone and after a page with text; and a PDF under a password.
pdftoppm -r 40 -gray -png -f 1 -l 1 chromium.pdf "$work/page"
img2pdf --pagesize A5 "$work"/page*.png -o scanned.pdf
qpdf --empty --pages libreoffice.pdf 4 scanned.pdf 1 -- mixed.pdf
qpdf --encrypt secret secret 256 -- scanned.pdf encrypted.pdf
