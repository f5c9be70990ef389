#!/usr/bin/env bash
# The three native packages, compiled for the target's processor, its Node and its OpenCV: minutes, so the result is kept until
# one of these changes.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
made="$work/bindings"
sysroot="$work/sysroot"
modules="$work/modules/node_modules"

for tool in gcc g++ ar strip; do
  command -v "$tools$tool" >/dev/null || die "$tools$tool is missing: apt-get install g++${tools:+-${triplet/_/-}}"
done
export CC="${tools}gcc" CXX="${tools}g++" LINK="${tools}g++" AR="${tools}ar"
case $node_from in private) node_prefix="$work/node" ;; suite) node_prefix="$sysroot/usr" ;; esac

# Paths of this machine would make another file of the same source.
export CFLAGS="-ffile-prefix-map=$work=. -g0" CXXFLAGS="-ffile-prefix-map=$work=. -g0"
# Debian's Node has the headers of its libraries beside its own, outside its folder.
if [[ $node_from == suite ]]; then
  CFLAGS+=" -idirafter $sysroot/usr/include" CXXFLAGS+=" -idirafter $sysroot/usr/include"
fi
# binding.gyp asks the package's own scripts where OpenCV lies; they would take the first one that this machine has.
export OPENCV_INCLUDE_DIR="$sysroot/usr/include/opencv4" OPENCV_LIB_DIR="$sysroot/opencv-lib" OPENCV_BIN_DIR=/usr/bin

version_of() { node -p 'require(process.argv[1]).version' "$modules/$1/package.json"; }
key=$(
  { cat "$sysroot/.made-from"; cat "$node_prefix/include/node/node_version.h"
    for package in @u4/opencv4nodejs epoll unix-dgram nan node-gyp; do version_of "$package"; done
    "$CXX" --version; echo "${CXXFLAGS//$work/}"; } | sha256sum
)
fresh "$made" "$key" && exit 0

compile() { # PACKAGE FILE LOG
  say "compiling $1 for $arch"
  (
    cd "$modules/$1"
    rm -rf build
    gyp=(node "$modules/node-gyp/bin/node-gyp.js" --release --arch="$npm_arch" --nodedir="$node_prefix" -j "${JOBS:-$(nproc)}")
    quietly "$3" "${gyp[@]}" configure
    # The library would look for OpenCV in folders of this machine first.
    sed -i 's/-Wl,-rpath,[^ ]*//g' build/*.target.mk
    quietly "$3" "${gyp[@]}" build
  )
  cp "$modules/$1/build/Release/$2" "$made/"
  "${tools}strip" --strip-unneeded "$made/$2"
  # Neither that nor a name of a folder may have stayed: the same source must make the same bytes in another one.
  if readelf -d "$made/$2" | grep -qE 'RPATH|RUNPATH' || grep -q "$work" "$made/$2"; then die "$2 names folders of this machine"; fi
  readelf -h "$made/$2" | grep -q "Machine:.*$machine" || die "$2 is not for $arch"
}

rm -rf "$made"
mkdir -p "$made"
compile epoll epoll.node epoll
compile unix-dgram unix_dgram.node unix-dgram
compile @u4/opencv4nodejs opencv4nodejs.node opencv
made_from "$made" "$key"
