#!/bin/sh
# Tests a bundle on a minimal Debian in a chroot folder. Needs root and debootstrap, which uses MIRROR as package mirror if set.
#
#   packaging/bundle/try_on_debian.sh build/bundle/dist/spade-studio-1.0.0-linux-x86_64.tar.zst [SUITE] [FOLDER]
#
# First with essential packages only: rendering, training and evaluation work, and the window names the missing libraries. Then the named
# libraries are installed, and the window opens in Xvfb with a picture. The screenshot is FOLDER/window.png.
set -eu
archive=$1
suite=${2:-trixie}
root=${3:-$(mktemp -d)/debian}
here=$(cd "$(dirname "$0")" && pwd)

[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase "$suite" "$root" ${MIRROR:+"$MIRROR"}
mkdir -p "$root/opt/bundle" "$root/proc" "$root/dev/shm"
rm -rf "$root"/opt/bundle/*
tar --zstd -C "$root/opt/bundle" --strip-components=1 -xf "$archive"
cp "$here/../smoke.py" "$root/opt/"
mounted() { grep -q " $root/$1 " /proc/mounts; }
mounted proc || mount -t proc proc "$root/proc"
mounted dev/shm || mount -t tmpfs tmpfs "$root/dev/shm"
trap 'umount "$root/proc" "$root/dev/shm"' EXIT
inside() { chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

echo "== $(cat "$root/etc/debian_version"), $(inside dpkg -l | grep -c ^ii) packages"
echo "== the window says what is missing"
if inside /opt/bundle/spade-studio >"$root/opt/missing.txt" 2>&1; then
    echo "It started without its libraries?" >&2
    exit 1
fi
cat "$root/opt/missing.txt"
echo "== commands"
inside apt-get install -y -qq --no-install-recommends python3-minimal libpython3-stdlib >/dev/null
inside python3 /opt/smoke.py /opt/bundle
echo "== the window, with what it asked for"
packages=$(sed -n 's/.*apt install //p' "$root/opt/missing.txt" | head -1)
# shellcheck disable=SC2086
inside apt-get install -y -qq --no-install-recommends $packages xvfb xdotool imagemagick >/dev/null
inside python3 /opt/smoke.py /opt/bundle --only-window --picture /opt/window.png
cp "$root/opt/window.png" "$root/window.png"
echo "== $root/window.png"
