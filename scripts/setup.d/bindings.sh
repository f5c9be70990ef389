# shellcheck shell=bash
# Step 5: the small native packages. Each is one file, compiled in seconds.
step=bindings
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# epoll: the native half of onoff, which hears edges of GPIO lines in sysfs. unix-dgram: what the gate tells systemd with.
packages=(epoll unix-dgram)
declare -A names=([epoll]='the GPIO binding' [unix-dgram]="the binding to systemd's socket")
declare -A probes=(
  [epoll]='new (require("epoll").Epoll)(() => {}).close()'
  [unix-dgram]='require("unix-dgram").createSocket("unix_dgram").close()'
)

loads() { (cd "$root" && node -e "${probes[$1]}" 2>/dev/null); }

missing() {
  local package
  for package in "${packages[@]}"; do
    if [[ ! -d $root/node_modules/$package ]] || ! command -v node >/dev/null; then
      echo "${names[$package]} (npm packages first)"
    elif ! loads "$package"; then
      echo "${names[$package]} for Node $(node -p 'process.versions.node')"
    fi
  done
}

work() {
  local prefix package
  prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
  for package in "${packages[@]}"; do
    if loads "$package"; then continue; fi
    echo "compiling $package, ${names[$package]}"
    (cd "$root/node_modules/$package" && node "$root/node_modules/node-gyp/bin/node-gyp.js" rebuild --release --nodedir="$prefix")
    loads "$package"
  done
}

advice() {
  local package list=''
  if log_has 'no space left'; then
    echo 'The disk is full: free 100 MB and run scripts/setup again.'
  else
    for package in "${packages[@]}"; do loads "$package" || list+="${list:+ and }${names[$package]}"; done
    [[ -n $list ]] || list='a small binding'
    echo "${list^} could not be compiled or does not load; please report it with the log named below."
  fi
}
main "$@"
