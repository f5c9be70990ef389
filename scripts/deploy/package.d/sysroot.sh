#!/usr/bin/env bash
# OpenCV's headers and libraries of the suite, unpacked and not installed: compiling for another suite or processor then needs
# neither a chroot nor emulation, and this machine's own packages say nothing about the result. Their control files are kept for
# dpkg-shlibdeps, in the form of dpkg's own database.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
made="$work/sysroot"
apt="$work/apt"
database="$made/var/lib/dpkg"

# The modules that Kaimon calls, and no more: each further one brings its own dependencies.
modules=(core imgproc imgcodecs videoio objdetect)
wanted=(libc6 libstdc++6 libgcc-s1)
if [[ $node_from == suite ]]; then wanted+=(libnode-dev libuv1-dev); fi

# Lists of the suite in a folder of their own: this machine's sources stay as they are.
private_apt() {
  local tool=$1
  shift
  "$tool" -o Dir="$apt" -o Dir::Etc::trusted=/etc/apt/trusted.gpg -o Dir::Etc::trustedparts=/etc/apt/trusted.gpg.d \
    -o Dir::State::status="$apt/status" -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User='' "$@"
}

# "URI suite" for each archive. A Debian machine knows its mirror; whoever builds for Ubuntu there names one.
archives() {
  local mirror=${KAIMON_MIRROR-}
  case $suite in
    jammy | noble)
      [[ -n $mirror ]] || die "which mirror of Ubuntu? Give --mirror URL (for arm64 that of the ports)"
      printf '%s\n' "$mirror $suite" "$mirror $suite-updates" ;;
    *)
      [[ -n $mirror ]] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
      [[ -n $mirror ]] || die 'apt knows no mirror of Debian here: run apt-get update, or give --mirror URL'
      echo "$mirror $suite" ;;
  esac
}

keyring() {
  local file=/usr/share/keyrings/debian-archive-keyring.gpg
  case $suite in jammy | noble) file=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;; esac
  [[ -e $file ]] || die "$file is missing: install its package (debian-archive-keyring or ubuntu-keyring)"
  echo "$file"
}

update_lists() {
  local components=main
  case $suite in jammy | noble) components='main universe' ;; esac
  rm -rf "$apt"
  mkdir -p "$apt"/{etc/apt/{apt.conf.d,preferences.d,sources.list.d},var/lib/apt/lists/partial,var/cache/apt/archives/partial}
  : >"$apt/status"
  archives >"$apt/archives"
  sed "s|^\([^ ]*\) \(.*\)|deb [signed-by=$(keyring)] \1 \2 $components|" "$apt/archives" >"$apt/etc/apt/sources.list"
  quietly apt-update private_apt apt-get update
}

# The runtime package stands in the development package's dependencies: its name carries the version, differently in each suite.
resolve() {
  local module dev runtime
  private_apt apt-cache --names-only search '^libopencv-.*-dev$' | cut -d' ' -f1
  for module in "${modules[@]}"; do
    dev=libopencv-$module-dev
    runtime=$(private_apt apt-cache show --no-all-versions "$dev" | grep -oE "libopencv-$module[0-9][^ ,]*" | head -n 1)
    [[ -n $runtime ]] || die "$suite has no $dev"
    echo "$runtime"
  done
  printf '%s\n' "${wanted[@]}"
}

# What dpkg would know had it installed the package; the paths are those of the files here, by which dpkg-shlibdeps will ask.
note_in_database() { # DEB
  local control name folder info="$database/info"
  folder=$(mktemp -d)
  dpkg-deb --control "$1" "$folder"
  control="$folder/control"
  name=$(sed -n 's/^Package: //p' "$control")
  grep -q '^Multi-Arch: same' "$control" && name+=":$arch"
  { grep -v '^$' "$control"; printf 'Status: install ok installed\n\n'; } >>"$database/status"
  dpkg-deb --fsys-tarfile "$1" | tar -t | sed -e "s|^\.|$made|" -e 's|/$||' >"$info/$name.list"
  for part in symbols shlibs; do if [[ -e $folder/$part ]]; then cp "$folder/$part" "$info/$name.$part"; fi; done
  rm -rf "$folder"
}

update_lists
mapfile -t packages < <(resolve)
key=$(private_apt apt-cache show --no-all-versions "${packages[@]}" | grep -E '^(Package|Version|SHA256):' | sha256sum)
fresh "$made" "$key" && exit 0

say "OpenCV of $suite for $arch: ${#packages[@]} packages"
rm -rf "$made"
mkdir -p "$database/info" "$database/updates" "$work/debs"
: >"$database/status"
# The form of the names in info/ that tells processors apart.
echo 1 >"$database/info/format"
(cd "$work/debs" && quietly apt-download private_apt apt-get download "${packages[@]}")
for deb in "$work"/debs/*.deb; do
  dpkg-deb --extract "$deb" "$made"
  note_in_database "$deb"
done
rm -rf "$work/debs"

mkdir -p "$made/opencv-lib"
for module in "${modules[@]}"; do
  ln -s "../usr/lib/$triplet/libopencv_$module.so" "$made/opencv-lib/"
  [[ -e $made/opencv-lib/libopencv_$module.so ]] || die "libopencv_$module.so of $suite leads nowhere"
done
made_from "$made" "$key"
