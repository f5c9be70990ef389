#!/usr/bin/env bash
# From the tree to the package: dependencies, control files, archive. The same tree makes the same bytes.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tree="$work/tree"
sysroot="$work/sysroot"
debian="$root/scripts/deploy/debian"
out=${KAIMON_OUT:?is set by scripts/deploy/package}
version=$(<"$work/version")
maintainer=$(git -C "$root" log -1 --format='%an <%ae>' "$commit")
[[ -z ${DEBEMAIL-} ]] || maintainer="${DEBFULLNAME:-Kaimon} <$DEBEMAIL>"

# dpkg-shlibdeps wants a source package's control file where it runs.
dependencies() {
  local ground="$work/shlibdeps" files=()
  rm -rf "$ground"
  mkdir -p "$ground/debian"
  printf 'Source: kaimon\n\nPackage: kaimon\nArchitecture: any\n' >"$ground/debian/control"
  mkdir -p "$tree/DEBIAN"
  mapfile -t files < <(find "$tree/usr/lib/kaimon" \( -name '*.node' -o -name '*.so*' -o -path '*/node/bin/node' \) -type f | sort)
  (
    cd "$ground"
    # Symbols of Node are in none of the libraries: Node itself has them when it loads a binding.
    dpkg-shlibdeps --admindir="$sysroot/var/lib/dpkg" -l"$sysroot/usr/lib/$triplet" -l"$sysroot/lib/$triplet" --warnings=0 -O "${files[@]/#/-e}"
  ) | sed -n 's/^shlibs:Depends=//p'
}

node_dependency() {
  [[ $node_from == suite ]] || return 0
  local abi
  abi=$(sed -n 's/^#define NODE_MODULE_VERSION \([0-9]*\)$/\1/p' "$sysroot/usr/include/node/node_version.h")
  printf ', nodejs (>= 20.19), libnode%s' "$abi"
}

libraries=$(dependencies)
[[ $libraries == *opencv* ]] || die "dpkg-shlibdeps found no OpenCV among the dependencies: $libraries"
depends="$libraries, opencv-data, systemd$(node_dependency)"

changelog="$tree/usr/share/doc/kaimon/changelog"
{
  printf 'kaimon (%s) %s; urgency=medium\n\n' "$version" "$suite"
  printf '  * Built from commit %s; what changed stands in CHANGELOG.md\n    beside this file.\n\n' "$(git -C "$root" rev-parse --short=12 "$commit")"
  printf ' -- %s  %s\n' "$maintainer" "$(date -u -d "@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')"
} >"$changelog"
gzip -9nf "$changelog"

rm -rf "$tree/DEBIAN"
mkdir "$tree/DEBIAN"
# As policy counts it: kilobytes of files, each rounded up.
size=$(find "$tree" -path "$tree/DEBIAN" -prune -o -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum + 0 }')
folders=$(find "$tree" -path "$tree/DEBIAN" -prune -o ! -type f -print | wc -l)
fill() { # NAME VALUE…: in the template
  local text
  text=$(<"$debian/control")
  while (($#)); do text=${text//"@$1@"/$2}; shift 2; done
  printf '%s\n' "$text"
}
fill VERSION "$version" ARCH "$arch" MAINTAINER "$maintainer" SIZE "$((size + folders))" DEPENDS "$depends" >"$tree/DEBIAN/control"
install -m 755 "$debian"/{postinst,prerm,postrm} "$tree/DEBIAN/"
echo /etc/kaimon/kaimon.yaml >"$tree/DEBIAN/conffiles"
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f ! -path ./etc/kaimon/kaimon.yaml -printf '%P\0' | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
chmod 644 "$tree"/DEBIAN/{control,conffiles,md5sums}

mkdir -p "$out"
deb="$out/kaimon_${version}_$arch.deb"
# One thread: xz cuts its input by their number. dpkg-deb sets times after $SOURCE_DATE_EPOCH back to it; older ones are set here.
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
quietly dpkg-deb dpkg-deb --root-owner-group --threads-max=1 "-Z${KAIMON_COMPRESSION:-xz}" --build "$tree" "$deb"
say "$(printf '%s: %d MB, installed %d MB' "$deb" $(($(stat -c %s "$deb") / 1000000)) $((size * 1024 / 1000000)))"
say "depends on: $depends"
