#!/usr/bin/env bash
# Kaimon itself as the commit has it (what lies about uncommitted stays out), compiled without maps, and the networks that
# `kaimon models build` has put into this checkout.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
made="$work/source"
rm -rf "$made"
mkdir -p "$made"
[[ -z $(git -C "$root" status --porcelain) ]] || say 'what is not committed is not in the package'
git -C "$root" archive "$commit" | tar -x -C "$made"
# git archive's own rights are 664 and 775.
chmod -R u=rwX,go=rX "$made"

[[ -x $root/node_modules/.bin/tsc ]] || die "the compiler is missing: run scripts/setup first"
ln -s "$root/node_modules" "$made/node_modules"
quietly tsc "$root/node_modules/.bin/tsc" -p "$made/tsconfig.build.json" --sourceMap false
rm "$made/node_modules"

[[ -d $root/models/build ]] || die "the networks are missing: run scripts/setup first"
cp -r "$root/models/build" "$made/models/build"

# A build of a commit without a tag is newer than the release that its package.json names.
release=$(node -p 'require(process.argv[1]).version' "$made/package.json")
stamp=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)
if git -C "$root" tag --points-at "$commit" | grep -qx "v$release"; then
  version="$release~$mark"
else
  version="$release+git$stamp.$(git -C "$root" rev-parse --short=8 "$commit")~$mark"
fi
echo "$version" >"$work/version"
