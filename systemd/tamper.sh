#!/bin/sh
# Destroys the key that seals people, passages and pictures: the gate has said that its housing is open (storage.eraseOnTamper). As root,
# by kaimon-tamper.service. The gate is then started anew, so that what it had in memory is gone too; button and fire work without a key.
# On flash the old blocks may outlive overwriting: with --with-key=tpm2 they are worth nothing without this board's TPM.
set -u
# --root is for tests: nothing is asked of systemd, but said.
root=''
if [ "${1-}" = --root ]; then root=$(readlink -f -- "$2"); fi
ask() { if [ -n "$root" ]; then echo "systemctl $*"; else systemctl "$@"; fi; }

# What the configurations name, one a line: plain paths and names of credentials, in block and in flow style.
named() {
  cat "$root"/etc/kaimon/*.yaml 2>/dev/null | sed -e 's/^#.*//' -e 's/[[:space:]]#.*//' -e "s/[\"']//g" -e 's/\([sS]ealKeyFiles*\):/\1: /g' |
    tr '{}[], \t\r' '\n\n\n\n\n\n\n\n' | awk '/:$/ { on = $0 ~ /^(sealKeyFile|oldSealKeyFiles):$/; next } on && NF && $0 != "-"' |
    while IFS= read -r name; do
      case $name in
        null | '~') ;;
        /*) printf '%s\n' "$name" ;;
        */*) echo "kaimon: $name is not destroyed: only a whole path is found by it" >&2 ;;
        *) printf '%s\n' "/etc/credstore.encrypted/$name" "/etc/credstore/$name" ;;
      esac
    done
}
candidates() {
  for file in "$root"/etc/credstore.encrypted/kaimon-seal* "$root"/etc/credstore/kaimon-seal* "$root"/etc/kaimon/*seal*.key; do
    printf '%s\n' "${file#"$root"}"
  done
  named
  echo /run/kaimon-seal/key
}

# No link on the way, and all folders root's: nobody else can have put another file there, or do so now.
unmoved() { # FILE
  [ -f "$1" ] && [ "$(readlink -f -- "$1")" = "$1" ] || return 1
  folder=${1%/*}
  while [ "$folder" != "$root" ]; do
    [ -O "$folder" ] || return 1
    folder=${folder%/*}
  done
}

keys=$(candidates)
destroyed=0
copies=0
failed=0
# A gate that could destroy its key itself says so, and is started anew all the same.
for word in "$root"/run/kaimon/tamper "$root"/run/kaimon/*/tamper; do
  if [ -s "$word" ]; then destroyed=1; fi
  # Before all else: the path unit would start this again and again while it is there.
  rm -f -- "$word"
done
while IFS= read -r key; do
  [ -e "$root$key" ] || [ -L "$root$key" ] || continue
  if ! unmoved "$root$key"; then
    echo "kaimon: $key is not destroyed: it is no plain file in folders of root alone" >&2
    failed=1
  elif shred -u -n 1 -- "$root$key" || rm -f -- "$root$key"; then
    echo "kaimon: destroyed $key"
    # In /run lie copies: what brings one would bring it again with the gate, which would ask again, and so on for ever.
    case $key in /run/*) copies=1 ;; *) destroyed=1 ;; esac
  else
    failed=1
  fi
done <<EOF
$keys
EOF
sync
# With it goes the copy that systemd has decrypted.
ask stop kaimon-seal.service
if [ "$destroyed" = 1 ]; then
  ask try-restart kaimon.service 'kaimon@*.service'
  exit "$failed"
fi
what='no key was found'
if [ "$copies" = 1 ]; then what='only the copy in /run was found, not the key that it is of'; fi
echo "kaimon: NOTHING DESTROYED for good: $what. Gates are not started anew; destroy it by hand, and name it with storage.sealKeyFile or as /etc/credstore.encrypted/kaimon-seal" >&2
exit 1
