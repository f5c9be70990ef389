# shellcheck shell=bash
# Step 6: TypeScript to dist/. Skipped when nothing in src or the settings is newer than the last good build.
step=build
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
stamp="$root/dist/.built"

missing() {
  cd "$root"
  if [[ ! -e $stamp ]]; then
    echo 'dist/'
  # Folders are looked at too: a removed file changes its folder.
  elif [[ -n $(find src tsconfig.json tsconfig.build.json package.json package-lock.json -newer "$stamp" -print -quit) ]]; then
    echo 'dist/ is older than src/'
  fi
}

work() {
  cd "$root"
  # The time of the start counts: what is saved while the compiler runs is newer.
  touch "$state/build-began"
  npm run --silent build
  mv "$state/build-began" "$stamp"
}

advice() { echo 'The TypeScript compiler found errors, see below: this checkout is broken or half edited (git status).'; }
main "$@"
