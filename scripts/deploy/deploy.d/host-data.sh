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

# What the release cannot read: names of documents, a line each; `journal` for all that has its places in it.
too_new() { # RELEASE GATE
  local names
  names=$(program "$1" data check --json --state "$(state_of "$2")" | grep -o '"\(file\|result\)": *"[^"]*"' | sed 's/.*: *"\(.*\)"$/\1/' |
    awk '$0 == "newer" && was != "" { sub(/^journal\/.*/, "journal", was); print was } { was = $0 }' | sort -u)
  case $'\n'$names$'\n' in *$'\npeople.json'*) names+=$'\npeople.json\npeople.json.last-good' ;; esac
  # How far events were told is a place in the journal.
  case $'\n'$names$'\n' in *$'\njournal\n'*) names+=$'\nevents.json' ;; esac
  sort -u <<<"$names" | grep .
}

# Whoever was removed since must not come back with the people of before: the newer release takes the removals over, while its people are there.
# Done again at each try, on top of what was taken over before: a gate that was started in between may have removed somebody, too.
carry_removals() { # RELEASE GATE
  local state old=$data/$2.old from=$data/$2.tar said
  state=$(state_of "$2")
  [ ! -e "$data/$2.people.tar" ] || from=$data/$2.people.tar
  rm -rf -- "$old" && mkdir -m 700 "$old" || return 1
  tar -t -f "$from" | lines -x 'people\.json\(\.last-good\)\?' | tar -x -C "$old" -f "$from" -T - || return 1
  if ! said=$(program "$1" data carry-removals "$old" --state "$state"); then
    progress "who was removed from $2 since the switch cannot be taken over: $(tail -n 1 <<<"$said")"
    # What was taken over before anything was put back is not lost.
    [ -e "$data/$2.people.tar" ] && return 0 || return 1
  fi
  progress "$2: $(tail -n 1 <<<"$said")"
  (cd "$old" && find . -maxdepth 1 -type f -printf '%f\0') |
    tar -c -C "$old" --owner="$(stat -c %u "$state")" --group="$(stat -c %g "$state")" --numeric-owner --null -T - >"$data/$2.people.new" &&
    sync "$data/$2.people.new" && mv -T "$data/$2.people.new" "$data/$2.people.tar" && sync "$data"
}

# With the gates stopped. Only what the release that is gone back to cannot read: all else goes on, the journal with what was done meanwhile too.
# Cut off anywhere it is done once more: what is put back is noted once all that it takes is there, and before anything of the gate's is touched.
put_data_back() { # RELEASE GATES NEWER_RELEASE
  local gate state names held
  for gate in $2; do
    [ -e "$data/$gate.tar" ] || continue
    state=$(state_of "$gate")
    if [ -e "$data/$gate.back" ]; then names=$(cat "$data/$gate.back"); else names=$(too_new "$1" "$gate") || continue; fi
    ! grep -qx 'people\.json' <<<"$names" || carry_removals "$3" "$gate" || return 1
    write_file "$data/$gate.back" <<<"$names" || return 1
    held=$(tar -t -f "$data/$gate.tar") || return 1
    progress "the data of $gate are put back as they were before the switch: $(tr '\n' ' ' <<<"$names")"
    ! grep -qx journal <<<"$names" || as_owner "$state" rm -rf -- "$state/journal" || return 1
    # What there was not before is not there after it either.
    lines -vxF "$held" <<<"$names" | lines -vx journal | taken_away "$gate" || return 1
    {
      lines -xF "$names" <<<"$held" | lines -v '^people\.json'
      ! grep -qx journal <<<"$names" || lines '^journal/' <<<"$held"
    } | taken_from "$data/$gate.tar" "$gate" || return 1
    ! grep -qx 'people\.json' <<<"$names" || tar -t -f "$data/$gate.people.tar" | taken_from "$data/$gate.people.tar" "$gate" || return 1
    sync -f "$state" || return 1
  done
}

lines() { grep "$@" || [ $? = 1 ]; } # none are in order, too

taken_away() { # GATE, names on standard input
  local names
  mapfile -t names
  [ ${#names[@]} = 0 ] || as_owner "$(state_of "$1")" rm -f -- "${names[@]/#/$(state_of "$1")/}"
}

taken_from() { # ARCHIVE GATE, names on standard input
  local names
  mapfile -t names
  [ ${#names[@]} = 0 ] || as_owner "$(state_of "$2")" tar -x -p -C "$(state_of "$2")" --no-recursion -- "${names[@]}" <"$1"
}
