#!/usr/bin/env bash
# The Node that will run Kaimon: for suites whose own is too old the private one of scripts/setup.d/node (the real binary, pinned
# by its digest), which the package brings along. Its headers are what the bindings are compiled against.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ $node_from == private ]] || exit 0

lock="$root/scripts/setup.d/node/package-lock.json"
made="$work/node"
key=$(sha256sum <"$lock")
fresh "$made" "$key" && exit 0

say "Node for $arch"
rm -rf "$made"
mkdir -p "$made/npm"
cp "$root"/scripts/setup.d/node/package*.json "$made/npm/"
quietly node npm ci --prefix "$made/npm" --ignore-scripts --os=linux --cpu="$npm_arch" --libc=glibc
package="$made/npm/node_modules/node-linux-$npm_arch"
[[ -x $package/bin/node ]] || die "npm did not bring node-linux-$npm_arch"
mkdir "$made/bin"
mv "$package/bin/node" "$made/bin/node"
mv "$package/include" "$package/LICENSE" "$package/package.json" "$made/"
rm -rf "$made/npm"
made_from "$made" "$key"
