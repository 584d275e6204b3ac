#!/bin/sh
# Integrates the bundle into the current user's desktop: menu entry, icons, file type, and the four commands in ~/.local/bin.
# The program itself is not copied, so the folder must stay in place. --remove undoes the installation.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
bin=$HOME/.local/bin
entry=$data/applications/spade-studio.desktop

refresh() {
    if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$data/applications" || true; fi
    if command -v update-mime-database >/dev/null; then update-mime-database "$data/mime" || true; fi
    if command -v gtk-update-icon-cache >/dev/null; then gtk-update-icon-cache -q -t "$data/icons/hicolor" || true; fi
}

if [ "${1:-}" = --remove ]; then
    rm -f "$entry" "$data/mime/packages/spade-studio-mime.xml" "$data/icons/hicolor/scalable/apps/spade-studio.svg"
    for size in 32 64 128 256; do rm -f "$data/icons/hicolor/${size}x${size}/apps/spade-studio.png"; done
    for command in spade-studio spade-render spade-train spade-eval; do
        case $(readlink "$bin/$command" 2>/dev/null || true) in "$here"/*) rm -f "$bin/$command" ;; esac
    done
    refresh
    echo "Removed. The folder $here can be deleted now."
    exit 0
fi

mkdir -p "$data/applications" "$data/mime/packages" "$data/icons/hicolor/scalable/apps" "$bin"
# In a desktop entry the path is quoted; within quotes a backslash escapes " ` $ and itself, and every backslash is doubled.
quoted=$(printf '%s' "$here/spade-studio" | sed 's/[\\"`$]/\\&/g; s/\\/\\\\/g; s/%/%%/g')
program="\"$quoted\"" awk '
    /^Exec=spade-studio/ { sub(/^Exec=spade-studio/, ""); print "Exec=" ENVIRON["program"] $0; next }
    /^TryExec=/ { next }
    { print }
' "$here/share/spade-studio.desktop" >"$entry"
cp "$here/share/spade-studio-mime.xml" "$data/mime/packages/"
cp "$here/share/spade-studio.svg" "$data/icons/hicolor/scalable/apps/"
for size in 32 64 128 256; do
    mkdir -p "$data/icons/hicolor/${size}x${size}/apps"
    cp "$here/share/spade-studio-$size.png" "$data/icons/hicolor/${size}x${size}/apps/spade-studio.png"
done
for command in spade-studio spade-render spade-train spade-eval; do ln -sfn "$here/$command" "$bin/$command"; done
refresh
echo "Installed for $(id -un). The commands are in $bin; install.sh --remove takes everything back."
