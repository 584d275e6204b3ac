#!/bin/sh
# Signs the application built by PyInstaller and packs it as a disk image. NEVER RUN so far: written on Linux.
#
#   python3 packaging/build_bundle.py --no-archive
#   packaging/bundle/macos/make_dmg.sh "build/bundle/dist/SPADE Studio.app" build/bundle/dist/spade-studio-1.0.0-macos-arm64.dmg
#
# With SIGN_AS (a Developer ID Application certificate) it is signed for distribution and, with NOTARY_PROFILE (from `xcrun notarytool
# store-credentials`), notarised; without it, it gets an ad hoc signature, and other machines must open it from the context menu.
set -eu
application=$1
image=$2
here=$(cd "$(dirname "$0")" && pwd)
identity=${SIGN_AS:--}

# Libraries first, since a signature covers nested code. Notarisation requires the hardened runtime.
find "$application" -type f \( -name '*.dylib' -o -name '*.so' \) -exec codesign --force --timestamp=none --sign "$identity" {} +
if [ "$identity" = - ]; then
    codesign --force --deep --sign - "$application"
else
    find "$application" -type f \( -name '*.dylib' -o -name '*.so' \) -exec codesign --force --timestamp --options runtime --sign "$identity" {} +
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$identity" "$application"
fi
codesign --verify --strict "$application"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -R "$application" "$folder/"
ln -s /Applications "$folder/Applications"
hdiutil create -volname "SPADE Studio" -srcfolder "$folder" -fs HFS+ -format ULFO -ov "$image"
if [ "$identity" != - ]; then
    codesign --force --timestamp --sign "$identity" "$image"
    if [ -n "${NOTARY_PROFILE:-}" ]; then
        xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
        xcrun stapler staple "$image"
    fi
fi
shasum -a 256 "$image" >"$image.sha256"
