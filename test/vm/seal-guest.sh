# In a throw-away guest with systemd, as root; the checkout is /mnt/share, read-only (test/vm/seal.sh). Exits 1 on failure.
set -uo pipefail
cd /mnt/share
failed=0
say() { echo "== $*"; }
check() { # WHAT COMMAND...
  local what=$1; shift
  if "$@"; then echo "ok   $what"; else echo "FAIL $what"; failed=1; fi
}
within() { # SECONDS COMMAND...
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}

say "kernel $(uname -r), $(systemctl --version | head -1), node $(node -v)"
vhw gpio-up gate-gpio 8
systemd-sysusers /mnt/share/systemd/sysusers.d/kaimon.conf
# From the shared folder the daemon takes minutes to start, from the guest's own disk half a minute.
mkdir -p /opt/kaimon
tar -c --exclude='*/darwin' --exclude='*/win32' --exclude=@biomejs --exclude=typescript --exclude=@typescript --exclude=obj.target --exclude='*.map' \
  --exclude='*/linux/arm64' --exclude='models/*training*' dist models node_modules package.json scripts systemd test/vm | tar -x -C /opt/kaimon
cd /
units=/etc/systemd/system
# No eye: the gate is blind here, and knows how many people there are all the same.
install -m 644 /opt/kaimon/systemd/kaimon.service /opt/kaimon/systemd/kaimon-seal.service /opt/kaimon/systemd/kaimon-tamper.* $units/
# An emulated machine takes its time.
mkdir -p $units/kaimon.service.d $units/kaimon-seal.service.d /etc/kaimon
printf '[Service]\nTimeoutStartSec=900\nWatchdogSec=60\n' >$units/kaimon.service.d/slow.conf
printf '[Service]\nTimeoutStartSec=120\n' >$units/kaimon-seal.service.d/slow.conf
cat >/etc/kaimon/kaimon.yaml <<'Y'
door:
  kind: gpio
  pulseMs: 2000
  gpio: { backend: onoff }
  relay: { line: { chip: gate-gpio, offset: 0 } }
  # The pull of the virtual chip is what moves its wires here: the daemon must leave it alone.
  rex: { line: { chip: gate-gpio, offset: 1 }, pull: as-is }
  tamper: { line: { chip: gate-gpio, offset: 2 }, pull: as-is }
storage: { sealKeyFile: /run/kaimon-seal/key, eraseOnTamper: true }
greeting: { enabled: false }
mqtt: { enabled: false }
Y
chgrp kaimon /etc/kaimon/kaimon.yaml; chmod 640 /etc/kaimon/kaimon.yaml

sim=/sys/devices/platform/$(cat /sys/kernel/config/gpio-sim/gate/dev_name)/$(cat /sys/kernel/config/gpio-sim/gate/bank0/chip_name)
pull() { echo "pull-$2" >"$sim/sim_gpio$1/pull"; }
relay_is() { [ "$(cat "$sim/sim_gpio0/value")" = "$1" ]; }
pull 0 down; pull 1 up; pull 2 down

# Reads the relay until told to stop, but for the time of a press, and prints how often it was drawn.
sample() {
  local level reads=0 wrong=0
  while [ -e /run/sampling ]; do
    if ! [ -e /run/pressing ]; then
      read -r level <"$sim/sim_gpio0/value"
      reads=$((reads + 1))
      # It may have been pressed since.
      [ "$level" = 0 ] || [ -e /run/pressing ] || wrong=$((wrong + 1))
    fi
    sleep 0.01
  done
  echo "$reads reads, $wrong of them not locked"
}
# Pressed again and again: who stands at the door does not know that the gate is just starting.
pressed() { pull 1 down; sleep 0.3; pull 1 up; within 2 relay_is 1; }
button() { # SECONDS: within them a press releases the door, which then locks again
  local well=1
  touch /run/pressing
  within "$1" pressed && within 30 relay_is 0 && well=0
  sleep 0.2
  rm /run/pressing
  return $well
}

state() { systemctl show -p "$2" --value "$1"; }
gate_is() { [ "$(state kaimon ActiveState)" = "$1" ]; }
seal_is() { [ "$(state kaimon-seal ActiveState)" = "$1" ]; }
people() { gate_is active && [[ $(state kaimon StatusText) == *"; $1 people"* ]]; }
another_gate() { gate_is active && [ "$(state kaimon MainPID)" != "$1" ]; }
sums() { sha256sum /var/lib/kaimon/people.json /var/lib/kaimon/people.json.last-good; }
aside() { find /var/lib/kaimon -name '*.corrupt-*' | grep .; }
untouched() { [ "$(sums)" = "$before" ] && ! aside; }
sealed() { for file in /var/lib/kaimon/people.json /var/lib/kaimon/people.json.last-good; do [ "$(head -c 7 $file)" = KMNSEAL ] || return 1; done; }
nobody_reads() { ! setpriv --reuid=65534 --regid=65534 --clear-groups cat /run/kaimon-seal/key >/dev/null 2>&1; }
gate_reads() { setpriv --reuid=kaimon --regid=kaimon --clear-groups cat /run/kaimon-seal/key | cmp -s - /root/printed; }
gate_cannot_write() { ! setpriv --reuid=kaimon --regid=kaimon --clear-groups sh -c 'echo >/run/kaimon-seal/key || rm -f /run/kaimon-seal/key' 2>/dev/null; }
credential=/etc/credstore.encrypted/kaimon-seal
encrypt() { systemd-creds encrypt --with-key=host --name=kaimon-seal /root/printed $credential; }
start_anew() { systemctl stop kaimon kaimon-seal; systemctl start --no-block kaimon; }

/opt/kaimon/scripts/kaimon seal new-key --out /root/printed
install -d -m 700 /etc/credstore.encrypted
check 'a key in an encrypted credential' encrypt
install -d -m 700 /var/lib/kaimon
node /opt/kaimon/test/vm/seal-people.mjs /var/lib/kaimon/people.json
chown -R kaimon:kaimon /var/lib/kaimon
systemctl daemon-reload
touch /run/sampling
sample >/run/sampled &
sampler=$!

say 'with the key'
check 'the gate starts' timeout 900 systemctl start kaimon
check 'it knows two people' within 60 people 2
check 'who are sealed now' sealed
check "the key is $(stat -c '%a %U:%G' /run/kaimon-seal /run/kaimon-seal/key | tr '\n' ' ')" \
  [ "$(stat -c '%a %U:%G' /run/kaimon-seal /run/kaimon-seal/key | tr '\n' ' ')" = '750 root:kaimon 440 root:kaimon ' ]
check 'the gate reads it' gate_reads
check 'and cannot change it' gate_cannot_write
check 'nobody else reads it' nobody_reads
check 'the button works' button 20
before=$(sums)

say 'a credential that cannot be decrypted'
cp $credential /root/whole
head -c 200 /dev/urandom | base64 -w0 >$credential
start_anew
check 'the button works while the gate starts' button 600
check 'the gate is at work' within 600 gate_is active
check "kaimon-seal.service is not: $(state kaimon-seal Result) $(state kaimon-seal ExecMainStatus)" seal_is failed
check 'it knows nobody' within 60 people 0
check 'and has left the people alone' untouched
check 'the button works' button 20

say 'one that does not come (a TPM that hangs)'
cp /root/whole $credential
printf '[Service]\nTimeoutStartSec=1800\nExecStartPre=/bin/sleep 1800\n' >$units/kaimon-seal.service.d/hang.conf
systemctl daemon-reload
start_anew
check 'the button works' button 600
check 'while the key is still waited for' seal_is activating
check 'the gate goes on without it' within 600 people 0
check 'which is still waited for' seal_is activating
check 'the people were left alone' untouched
rm $units/kaimon-seal.service.d/hang.conf
systemctl daemon-reload

say 'the key is back'
start_anew
check 'so are the people' within 600 people 2
check 'and the button works' button 20

say 'the housing is opened'
before=$(sums)
systemctl enable --quiet --now kaimon-tamper.path
gate=$(state kaimon MainPID)
pull 2 up
check 'the gate is another one' within 900 another_gate "$gate"
check 'the credential is gone' [ ! -e $credential ]
check 'the key is gone' [ ! -e /run/kaimon-seal ]
check 'what systemd had decrypted is gone' [ ! -e /run/credentials/kaimon-seal.service ]
check 'its unit has nothing to do' seal_is inactive
check 'the gate knows nobody' within 60 people 0
check 'the people, for whom there is no key any more, were left alone' untouched
check 'the button works' button 20
sleep 20
check 'it was done once' [ "$(journalctl -u kaimon-tamper -o cat | grep -c 'destroyed /etc/credstore.encrypted/kaimon-seal')" = 1 ]
check 'and not asked for again' [ ! -e /run/kaimon/tamper ]

say 'the printed key is brought'
pull 2 down
check 'it is encrypted anew' encrypt
start_anew
check 'the people are back' within 900 people 2
check 'the button works' button 20

systemctl stop kaimon
rm /run/sampling
wait $sampler
check "the relay was locked but for the button: $(cat /run/sampled)" grep -q ', 0 of them' /run/sampled
if [ $failed = 0 ]; then say 'all as it should be'; else say FAILED; journalctl -u kaimon -u kaimon-seal -u kaimon-tamper -o short-monotonic --no-pager | tail -60; fi
exit $failed
