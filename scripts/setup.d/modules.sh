# shellcheck shell=bash
# Step 3: node_modules exactly as package-lock.json has it. What is there is compared with the lock, so no stamp can lie.
step=modules
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

missing() {
  if ! command -v node >/dev/null; then echo 'npm packages (Node.js first)'; return; fi
  node "$root/scripts/setup.d/compare-modules.mjs" "$root"
}

work() {
  use_npm
  cd "$root"
  npm ci
}

advice() { npm_advice; }
main "$@"
