# shellcheck shell=bash
# Step 5: the native half of onoff, which hears edges of GPIO lines in sysfs. One small file, compiled in seconds.
step=gpio
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
package="$root/node_modules/epoll"

loads() { (cd "$root" && node -e 'new (require("epoll").Epoll)(() => {}).close()' 2>/dev/null); }

missing() {
  if [[ ! -d $package ]] || ! command -v node >/dev/null; then
    echo 'the GPIO binding (npm packages first)'
  elif ! loads; then
    echo "the GPIO binding for Node $(node -p 'process.versions.node')"
  fi
}

work() {
  local prefix
  prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
  cd "$package"
  node "$root/node_modules/node-gyp/bin/node-gyp.js" rebuild --release --nodedir="$prefix"
  loads
}

advice() {
  if log_has 'no space left'; then
    echo 'The disk is full: free 100 MB and run scripts/setup again.'
  else
    echo 'The GPIO binding could not be compiled or does not load; please report it with the log named below.'
  fi
}
main "$@"
