# shellcheck shell=bash
# shellcheck disable=SC2154 # each step names itself in $step
# Sourced by each step of scripts/setup. fd 3 is the terminal while `work` runs; stdout and stderr go to the step's log.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd -P)
state="$root/.setup"
# shellcheck source=../env.sh
. "$root/scripts/env.sh"
export LC_ALL=C.UTF-8

# What the log of this step holds, for `advice`.
log_has() { grep -qiE "$1" "$state/log/$step.log" 2>/dev/null; }

# Steps that must ask something first (sudo's password) do it in `prepare`, before the log takes the output.
prepare() { :; }

# A system user has no home: the cache then lives in the checkout.
cache_dir() {
  local base=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  if [[ -n $base ]] && mkdir -p "$base/kaimon" 2>/dev/null && [[ -w $base/kaimon ]]; then
    echo "$base/kaimon"
  else
    echo "$state/cache"
  fi
}

# npm keeps its cache in the home folder too.
use_npm() {
  if [[ -z ${HOME-} || ! -w ${HOME-} ]]; then export npm_config_cache="$state/cache/npm"; fi
  export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false npm_config_progress=false
  # onnxruntime-node's own script downloads GPU files, the OpenCV binding's would build OpenCV: neither is wanted.
  export ONNXRUNTIME_NODE_INSTALL=skip npm_config_ignore_scripts=true
}

npm_advice() {
  if log_has 'EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ECONNRESET|CERT'; then
    echo "npm cannot reach its registry: check the network, or 'npm config get registry' where a mirror is used, and run scripts/setup again."
  elif log_has 'ENOSPC'; then
    echo 'The disk is full: free 1 GB and run scripts/setup again.'
  elif log_has 'EACCES|EPERM'; then
    echo "Some files here belong to another user: run scripts/setup as $(stat -c %U "$root"), or give the folder to yourself with 'sudo chown -R'."
  else
    echo 'npm could not install the packages: the reason stands below; run scripts/setup again after a change.'
  fi
}

# Prints "ok", "absent", "old VERSION", "bits ARCH" or "headers VERSION" for the Node that PATH finds.
node_state() {
  command -v node >/dev/null || { echo absent; return; }
  node -e '
    var path = require("path"), fs = require("fs"), v = process.versions.node.split(".").map(Number);
    var header = path.resolve(process.execPath, "../../include/node/node_version.h");
    function same() {
      try { return new RegExp("NODE_MODULE_VERSION " + process.versions.modules + "\\b").test(fs.readFileSync(header, "utf8")); }
      catch (e) { return false; }
    }
    if (process.arch !== "x64" && process.arch !== "arm64") console.log("bits " + process.arch);
    else if (v[0] < 20 || (v[0] === 20 && v[1] < 19)) console.log("old " + process.versions.node);
    else console.log(same() ? "ok" : "headers " + process.versions.node);
  ' 2>/dev/null || echo "old unknown"
}

main() { "$1"; }
