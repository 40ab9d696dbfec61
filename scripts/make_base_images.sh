#!/usr/bin/env bash
# Make the two images that ours and the compose file are built on, from Debian packages and a Python
# of this machine, for an engine that can pull no images. They stand in under the names they replace.
#
#   make_base_images.sh PYTHON_IMAGE PROMETHEUS_IMAGE      (root, Debian, mmdebstrap, docker)
set -euo pipefail
python_image=$1 prometheus_image=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Python of the version the image's name asks for, where this machine has one that can be copied.
wanted=${python_image#*:} wanted=${wanted%%-*}
python_home=""
for folder in "$HOME"/.pyenv/versions/"$wanted"*; do
    if [ -x "$folder/bin/python$wanted" ]; then python_home=$folder; fi
done

packages=dash,bash,coreutils,findutils,grep,sed,tzdata,netbase,libc-bin
packages+=,libssl3,zlib1g,libbz2-1.0,liblzma5,libffi8,libsqlite3-0,libreadline8,libncursesw6,libuuid1
packages+=,libexpat1,libcrypt1,libnsl2,libtirpc3,libkeyutils1,libcom-err2,libstdc++6
if [ -z "$python_home" ]; then packages+=,python3,python3-venv; fi

root=$work/root
mkdir "$root"
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# `extract`: unpacked, not set up, which takes seconds; nothing in these images starts a daemon.
mmdebstrap --quiet --variant=extract --include="$packages" "$suite" "$work/root.tar"
tar -xf "$work/root.tar" -C "$root" --exclude='./dev/*'
rm -rf "$root"/usr/share/{doc,man,locale} "$root"/var/lib/apt/lists/* "$root"/var/cache/apt
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
echo /usr/local/lib > "$root/etc/ld.so.conf"
# What pip needs to reach its index from here, it needs in a build as well.
mkdir -p "$root/etc/ssl/certs" "$root"/usr/local/{bin,lib}
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/pip.conf"; fi

import() {  # image, Dockerfile instructions ...
    local image=$1 changes=(--change "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8")
    shift
    for change in "$@"; do changes+=(--change "$change"); done
    ldconfig -r "$root"
    tar -c -C "$root" . | docker import "${changes[@]}" - "$image" >/dev/null
    echo "made $image" >&2
}

mkdir -p "$root/prometheus" "$root/etc/prometheus"
chown 65534:65534 "$root/prometheus"
cp "$(command -v prometheus)" "$(command -v promtool)" "$root/bin/"
import "$prometheus_image" "USER 65534" 'ENTRYPOINT ["/bin/prometheus"]' "WORKDIR /prometheus"
rm -r "$root/bin/prometheus" "$root/bin/promtool" "$root/prometheus" "$root/etc/prometheus"

if [ -n "$python_home" ]; then
    cp -a "$python_home"/lib/libpython"$wanted".so* "$root/usr/local/lib/"
    cp -a "$python_home/lib/python$wanted" "$root/usr/local/lib/"
    cp -a "$python_home/bin/python$wanted" "$root/usr/local/bin/"
    rm -rf "$root/usr/local/lib/python$wanted"/{test,idlelib,tkinter,turtledemo,config-*,site-packages/*}
    find "$root/usr/local" -name __pycache__ -prune -exec rm -rf '{}' +
    ln -s "python$wanted" "$root/usr/local/bin/python3"
else
    echo "no Python $wanted under ~/.pyenv: $python_image is made with Debian's own" >&2
    ln -s /usr/bin/python3 "$root/usr/local/bin/python3"
fi
ln -s python3 "$root/usr/local/bin/python"
import "$python_image" 'CMD ["python3"]'
