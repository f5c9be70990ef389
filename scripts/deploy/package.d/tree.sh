#!/usr/bin/env bash
# The files of the package, as they will lie on the machine: below $work/tree.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source="$work/source"
tree="$work/tree"
home="$tree/usr/lib/kaimon"
doc="$tree/usr/share/doc/kaimon"
debian="$root/scripts/deploy/debian"
version=$(<"$work/version")

rm -rf "$tree"
mkdir -p "$home"/{config,scripts,systemd} "$doc" "$tree/usr/bin" "$tree/etc/kaimon"

# Kaimon.
cp -r "$source/dist" "$source/package.json" "$home/"
cp -r "$source/config/examples" "$home/config/"
cp "$source"/scripts/{env.sh,kaimon} "$home/scripts/"
cp "$source"/systemd/{eye,safe-state,tamper}.sh "$home/systemd/"
ln -s ../lib/kaimon/scripts/kaimon "$tree/usr/bin/kaimon"
install -m 640 "$source/config/kaimon.yaml" "$tree/etc/kaimon/kaimon.yaml"

# The networks, their manifest, terms and cards; not the programs that trained them.
mkdir -p "$home/models"
cp -r "$source"/models/{manifest.json,licences,build} "$source"/models/*.onnx "$home/models/"

# npm packages, and in them what was compiled.
node "$here/node-modules.mjs" "$work/modules" "$home" "$npm_arch" >"$work/packages"
install_binding() { # FILE PACKAGE
  install -D -m 644 "$work/bindings/$1" "$home/node_modules/$2/build/Release/$1"
}
install_binding opencv4nodejs.node @u4/opencv4nodejs
install_binding epoll.node epoll
install_binding unix_dgram.node unix-dgram
"${tools}strip" --strip-unneeded "$home"/node_modules/onnxruntime-node/bin/napi-v6/linux/*/*.node

if [[ $node_from == private ]]; then
  install -D -m 755 "$work/node/bin/node" "$home/node/bin/node"
  # Its table of symbols is for debuggers: 18 of 125 MB. What bindings link against is in another one and stays.
  "${tools}strip" --strip-unneeded "$home/node/bin/node"
  install -m 644 "$work/node/LICENSE" "$home/node/LICENSE"
fi

# What the system reads.
node "$here/units.mjs" "$source/systemd" "$tree$unit_dir"
install -D -m 644 "$source/systemd/sysusers.d/kaimon.conf" "$tree/usr/lib/sysusers.d/kaimon.conf"
install -D -m 644 "$debian/60-kaimon.rules" "$tree${unit_dir%/systemd/system}/udev/rules.d/60-kaimon.rules"
mkdir -p "$tree/usr/share/"{bash-completion/completions,man/man1,lintian/overrides}
# The definitions of the commands load npm packages: those of this machine serve, and the result does not depend on them.
ln -sfn "$root/node_modules" "$source/node_modules"
node "$here/completion.mjs" "$source" >"$tree/usr/share/bash-completion/completions/kaimon"
node "$here/manual.mjs" "$source" "$version" "$SOURCE_DATE_EPOCH" | gzip -9n >"$tree/usr/share/man/man1/kaimon.1.gz"
rm "$source/node_modules"
cp "$debian/lintian-overrides" "$tree/usr/share/lintian/overrides/kaimon"

# What people read, laid out as in the checkout, so that its links lead somewhere.
mkdir "$doc/models" "$doc/config"
cp "$source"/{README,CHANGELOG}.md "$doc/"
cp -r "$source/docs" "$doc/docs"
cp -r "$source"/config/{grafana,prometheus} "$doc/config/"
cp "$source"/models/*.md "$doc/models/"
node_licence=$([[ $node_from != private ]] || echo "$work/node/LICENSE")
node "$here/copyright.mjs" "$home" ${node_licence:+"$node_licence"} >"$doc/copyright"
