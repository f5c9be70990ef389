#!/bin/sh
# Destroys the key that seals people, passages and pictures: the gate has said that its housing is open (storage.eraseOnTamper). As root,
# by kaimon-tamper.service. The gate is then started anew, so that what it had in memory is gone too; button and fire work without a key.
# On flash the old blocks may outlive overwriting: with --with-key=tpm2 they are worth nothing without this board's TPM.
set -u
# --root is for tests.
root=''
if [ "${1-}" = --root ]; then root=$2; fi

# First of all: the path unit would start this again and again while it is there.
rm -f "$root"/run/kaimon/tamper "$root"/run/kaimon/*/tamper
failed=0
for key in etc/credstore.encrypted/kaimon-seal etc/credstore/kaimon-seal etc/kaimon/seal.key run/kaimon-seal/key; do
  [ -f "$root/$key" ] || continue
  if shred -u -n 1 -- "$root/$key" || rm -f -- "$root/$key"; then
    echo "kaimon: destroyed /$key"
  else
    failed=1
  fi
done
sync
# With it goes the copy that systemd has decrypted.
[ -n "$root" ] || systemctl stop kaimon-seal.service
# Not where it failed: the gate would ask again at its start, and so on for ever.
[ -n "$root" ] || [ "$failed" = 1 ] || systemctl try-restart kaimon.service 'kaimon@*.service'
exit "$failed"
