#!/usr/bin/env bash
# The npm packages of the lock for the target's processor, without those for development. They are compiled and picked from here;
# the checkout's own node_modules stays untouched.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
made="$work/modules"
key=$(cat "$work"/source/package{,-lock}.json | sha256sum)
fresh "$made" "$key" && exit 0

say "npm packages for $arch"
rm -rf "$made"
mkdir -p "$made"
cp "$work"/source/{package.json,package-lock.json,.npmrc} "$made/"
# onnxruntime-node's own script would download files for GPUs, that of the OpenCV binding would build OpenCV.
export ONNXRUNTIME_NODE_INSTALL=skip
quietly modules npm ci --prefix "$made" --omit=dev --ignore-scripts --os=linux --cpu="$npm_arch" --libc=glibc
made_from "$made" "$key"
