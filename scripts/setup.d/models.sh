# shellcheck shell=bash
# Step 7: the networks, taken from npm packages and converted by Kaimon's own command. Digests are pinned in models/manifest.json.
step=models
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
kaimon="$root/scripts/kaimon"

missing() {
  [[ -f $root/src/cli/main.ts || -f $root/dist/cli/main.js ]] || return 0
  [[ -f $root/dist/cli/main.js ]] || { echo 'the models (Kaimon itself first)'; return 0; }
  "$kaimon" models verify >/dev/null 2>&1 || echo 'models that pass their digests'
}

work() {
  use_npm
  "$kaimon" models build
}

advice() { npm_advice; }
main "$@"
