# shellcheck shell=bash
# A release arrives: checked before anything of it runs, and beside the one at work until it is switched to.

# Removes what is unfinished, however this ends.
clean() { [ -z "${staging-}" ] || rm -rf -- "$staging"; }

receive() { # RELEASE SHA256 BYTES SIGNATURE_BYTES DOWNGRADE DEPENDENCIES, package and signature on standard input
  local release=$1 sha=$2 bytes=$3 signature_bytes=$4 downgrade=$5 dependencies=$6 why deb kb
  is_release "$release" || refuse "'$release' is no name of a release"
  lock -n
  settle
  why=$(obstacle)
  [ -z "$why" ] || refuse "$why"
  [ -s "$signers" ] || refuse "this host trusts no signer yet: deploy --trust SIGNERS HOST"
  not_older "$release" "$downgrade"
  if [ -d "$releases/$release" ]; then
    preflight "$release"
    say done 'was here already'
    return
  fi

  trap clean EXIT
  trap 'exit 5' HUP INT TERM PIPE
  # With the lock held nobody else is receiving: what lies here was cut off by a power cut or a kill.
  rm -rf -- "$incoming"
  mkdir -p "$releases" && mkdir -m 700 "$incoming" || refuse "$home cannot be written"
  staging=$incoming/$release deb=$incoming/$release/package.deb
  mkdir "$staging" || refuse "$staging cannot be made"
  kb=$((bytes / 1024 + 51200))
  [ "$(free_kb "$home")" -gt $kb ] || refuse "the disk is too full: the package needs $kb kB free in $home"
  # 124: nothing came any more.
  take_bytes "$bytes" >"$deb" 2>/dev/null || [ $? = 124 ] || refuse 'the disk is full: the copy was removed'
  [ "$(stat -c %s "$deb")" = "$bytes" ] && take_bytes "$signature_bytes" >"$deb.sig"
  [ -e "$deb.sig" ] || : >"$deb.sig"
  [ "$(stat -c %s "$deb")" = "$bytes" ] && [ "$(stat -c %s "$deb.sig")" = "$signature_bytes" ] || { say cut "the copy was cut off after $(stat -c %s "$deb") of $bytes bytes, and removed"; exit 5; }
  say progress 'copied'

  [ "$(sha256sum <"$deb")" = "$sha  -" ] || refuse 'the package that arrived is not the one that was sent'
  verify_signature "$deb"
  verify_control "$deb" "$release"
  verify_dependencies "$deb" "$dependencies"
  extract "$deb" "$release"
  rm -f -- "$deb" "$deb.sig"
  sync -f "$staging"
  mv -T "$staging/tree/usr/lib/kaimon" "$releases/$release" || refuse 'the release cannot be put in its place'
  sync "$releases"
  clean
  if ! (preflight "$release"); then
    retire "$release"
    exit 3
  fi
  say done 'received'
}

not_older() { # RELEASE DOWNGRADE
  local at
  at=$(release_of_link)
  [ -n "$at" ] && [ "$2" != downgrade ] || return 0
  if dpkg --compare-versions "${1%-*}" lt "${at%-*}"; then
    refuse "version ${at%-*} is at work, which is newer than ${1%-*}: --rollback goes back to a release that is kept, --downgrade goes back to any"
  fi
}

verify_signature() { # DEB
  local who
  who=$(ssh-keygen -Y find-principals -s "$1.sig" -f "$signers" 2>/dev/null | head -n 1)
  [ -n "$who" ] || refuse 'the package is not signed by anybody whom this host trusts'
  ssh-keygen -Y verify -f "$signers" -I "$who" -n kaimon-package -s "$1.sig" <"$1" >/dev/null 2>&1 ||
    refuse "the signature of $who does not fit the package"
  say progress "signed by $who"
}

verify_control() { # DEB RELEASE
  local name version architecture
  name=$(dpkg-deb -f "$1" Package 2>/dev/null) version=$(dpkg-deb -f "$1" Version) architecture=$(dpkg-deb -f "$1" Architecture)
  [ "$name" = kaimon ] || refuse "this is the package '$name' and not kaimon"
  [ "$architecture" = "$(dpkg --print-architecture)" ] || refuse "the package is for $architecture, and this host is $(dpkg --print-architecture)"
  [ "$version" = "${2%-*}" ] || refuse "the package is of version $version and not ${2%-*}"
}

# Packages that the release needs and this host lacks.
lacking() { # DEB
  local group alternative name relation version have found
  while IFS= read -r group; do
    [ -n "${group// /}" ] || continue
    found=''
    while IFS= read -r alternative; do
      read -r name relation version _ <<<"${alternative//[()]/ }"
      name=${name%%:*}
      [[ $name =~ ^[a-z0-9][a-z0-9.+-]+$ ]] || continue
      have=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$name" 2>/dev/null | sed -n 's/^installed //p' | head -n 1)
      [ -n "$have" ] || continue
      if [ -z "${relation-}" ] || dpkg --compare-versions "$have" "$relation" "$version" 2>/dev/null; then found=yes; fi
    done < <(tr '|' '\n' <<<"$group")
    if [ -z "$found" ]; then read -r name _ <<<"$group"; printf '%s\n' "${name%%:*}"; fi
  done < <(dpkg-deb -f "$1" Depends | tr ',' '\n')
}

verify_dependencies() { # DEB INSTALL
  local missing
  missing=$(lacking "$1" | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  [ "$2" = install ] || refuse "packages of the distribution are missing: ${missing}(--install-dependencies installs them)"
  say progress "installing $missing"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >"$lib/apt.log" 2>&1 </dev/null 9>&- ||
    refuse "apt-get could not install ${missing}: $(tail -n 1 "$lib/apt.log")"
  missing=$(lacking "$1" | tr '\n' ' ')
  [ -z "${missing// /}" ] || refuse "the distribution has no fitting $missing"
}

# A signature says who made the package, not that nothing went wrong there: nothing of it may land elsewhere or carry more rights.
extract() { # DEB RELEASE
  local deb=$1 release=$2 tree=$staging/tree kb link
  kb=$(dpkg-deb -f "$deb" Installed-Size)
  [[ $kb =~ ^[0-9]{1,8}$ ]] || refuse 'the package does not say how large it is'
  [ "$(free_kb "$home")" -gt $((kb + 51200)) ] || refuse "the disk is too full: the release needs $((kb + 51200)) kB free in $home"
  dpkg-deb --fsys-tarfile "$deb" | tar -tv --quoting-style=escape >"$staging/list" 2>/dev/null || refuse 'the package is damaged'
  awk '$1 !~ /^[-dl][rwx-]+$/ { exit 1 }' "$staging/list" || refuse 'the package has devices, hard links or files with the rights of another user: it is not unpacked'
  dpkg-deb --fsys-tarfile "$deb" | tar -t --quoting-style=escape >"$staging/names" || refuse 'the package is damaged'
  grep -Eq '(^|/)\.\.(/|$)|\\|^[^.]|^\.[^/]' "$staging/names" && refuse 'the package has names that lead elsewhere: it is not unpacked'
  mkdir "$tree"
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" --no-same-owner --no-same-permissions --exclude=./usr/share 2>/dev/null ||
    refuse 'the disk is full or the package is damaged: what was unpacked is removed'
  while IFS= read -r -d '' link; do
    case $(readlink -m "$link") in "$tree"/*) ;; *) refuse "the package has a link that leads elsewhere (${link##*/}): it is not used" ;; esac
  done < <(find "$tree" -type l -print0)
  [ -x "$tree/usr/lib/kaimon/scripts/kaimon" ] || refuse 'the package has no program'
  note "$tree" "$release" || refuse 'the disk is full: what was unpacked is removed'
}

# What belongs to the release beside its program: units, user, rules, first configuration, and what it is.
note() { # TREE RELEASE
  local tree=$1 release=$2 own=$1/usr/lib/kaimon/.deploy unit from
  mkdir -p "$own/units" || return 1
  for from in "$tree"/lib/systemd/system "$tree"/usr/lib/systemd/system; do
    for unit in "$from"/kaimon*.{service,socket,path,timer,target}; do
      [ -f "$unit" ] && ! [ -L "$unit" ] || continue
      case ${unit##*/} in kaimon-deploy*) refuse "the package has a unit ${unit##*/}, which is a name of deploy's own" ;; esac
      render "$release" <"$unit" >"$own/units/${unit##*/}" || return 1
    done
  done
  [ -f "$own/units/kaimon.service" ] || refuse 'the package has no kaimon.service'
  for from in "$tree"/usr/lib/sysusers.d/kaimon.conf "$tree"/{,usr/}lib/udev/rules.d/60-kaimon.rules "$tree"/etc/kaimon/kaimon.yaml; do
    [ ! -f "$from" ] || [ -L "$from" ] || cp "$from" "$own/" || return 1
  done
  {
    printf 'release=%s\n' "$release"
    printf 'version=%s\n' "$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$tree/usr/lib/kaimon/package.json" | head -n 1)"
  } >"$own/release"
}

# The package's units with the places of a release. The program goes by `current`; an eye, to which /opt is empty, gets the folder of its own
# release there and under its real name, by which its gate names the networks.
render() { # RELEASE
  printf '%s%s, installed by scripts/deploy/deploy. Changes of a site belong into a drop-in (systemctl edit).\n' "$mark" "$1"
  sed -e '/^Documentation=/d' -e "s|/usr/lib/kaimon|$current|g" \
    -e 's|^\[Unit\]$|[Unit]\nAfter=kaimon-deploy-recover.service|' \
    -e "s|^TemporaryFileSystem=.*/opt.*|&\nBindReadOnlyPaths=$releases/$1:$current $releases/$1|"
}

# The new release's own program looks at this host before it is switched to.
preflight() { # RELEASE
  local release=$1 gate said config list unit
  for unit in "$releases/$release/.deploy/units"/*; do
    ! is_foreign "$units/${unit##*/}" || refuse "$units/${unit##*/} is not of a release, and the release has one of that name: move it away"
  done
  said=$(program "$release" models verify) || refuse "the release's models cannot be used: $(tail -n 1 <<<"$said")"
  list=$(gates)
  for gate in ${list:-kaimon.service}; do
    config=$(config_of "$gate")
    [ -e "$config" ] || [ -n "$list" ] || config=$releases/$release/.deploy/kaimon.yaml
    said=$(program "$release" config check --config "$config") || refuse "the release refuses $config: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
    # What is damaged the release at work has to live with, too; what a later version has written only that one reads.
    said=$(program "$release" data check --json --state "$(state_of "$gate")") || ! grep -q '"result": *"newer"' <<<"$said" ||
      refuse "the data of $gate were written by a later version$(sed -n 's/.*"writtenBy": *"\([A-Za-z0-9.+~-]*\)".*/, \1/p' <<<"$said" | head -n 1): nothing was changed"
  done
  room_for_data "$release" "${list:-kaimon.service}"
  say progress 'models and configuration are in order'
}
