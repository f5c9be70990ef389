# shellcheck shell=bash
# What a newer release writes in a newer format the older one cannot read: where that is to be expected the documents are put aside before the
# switch, and put back when it is rolled back.

data=/var/lib/kaimon-deploy/data

finds() { # RELEASE GATE RESULT: whether the release finds a document that is so; its exit code says something else
  local said
  said=$(program "$1" data check --json --state "$(state_of "$2")")
  grep -q "\"result\": *\"$3\"" <<<"$said"
}

# Names in the state folder that are documents: plain files, and the journal. Pictures and other gates' folders are not read in another format.
documents() { # STATE
  (cd "$1" 2>/dev/null && find . -maxdepth 1 -type f ! -name '*.lock' -printf '%f\0' && [ ! -d journal ] || printf 'journal\0')
}

# The folder belongs to the service's user: read and written as that user, so that no link in it leads root elsewhere.
as_owner() { # STATE COMMAND…
  local uid gid
  uid=$(stat -c %u "$1") gid=$(stat -c %g "$1")
  shift
  if [ "$uid" = "$(id -u)" ]; then "$@"; else setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"; fi
}

room_for_data() { # RELEASE GATES
  local gate state kb
  for gate in $2; do
    state=$(state_of "$gate")
    [ -d "$state" ] && finds "$1" "$gate" older || continue
    kb=$(cd "$state" && documents . | du -ck --files0-from=- 2>/dev/null | tail -n 1 | cut -f1)
    [ "$(free_kb "$lib")" -gt $((${kb:-0} + 20480)) ] || refuse "the release writes the data of $gate in a newer format, and there is no room for a copy: $((${kb:-0} + 20480)) kB in $lib"
  done
}

# With the gates stopped.
keep_data() { # RELEASE GATES
  local gate state
  rm -rf -- "$data" && mkdir -m 700 "$data" || return 1
  for gate in $2; do
    state=$(state_of "$gate")
    [ -d "$state" ] && finds "$1" "$gate" older || continue
    progress "$1 writes the data of $gate in a newer format: they are kept as they are"
    documents "$state" | as_owner "$state" tar -c -C "$state" --null --no-recursion -T /dev/null --recursion -T - >"$data/$gate.new" &&
      sync "$data/$gate.new" && mv -T "$data/$gate.new" "$data/$gate.tar" && sync "$data" || return 1
  done
}

# With the gates stopped. Only where the release that is gone back to could not go on.
put_data_back() { # RELEASE GATES
  local gate state
  for gate in $2; do
    state=$(state_of "$gate")
    [ -e "$data/$gate.tar" ] && finds "$1" "$gate" newer || continue
    progress "the data of $gate are put back as they were before the switch"
    as_owner "$state" rm -rf -- "$state/journal" && as_owner "$state" tar -x -p -C "$state" <"$data/$gate.tar" && sync -f "$state" || return 1
  done
}
