# In a throw-away guest with systemd, as root, the checkout at /opt/kaimon (test/vm/eye.sh): the eye under its real unit, first with a
# program in its place that tries everything, then the real one under a whole gate, with a recording in place of the camera. Exits 1 on failure.
set -uo pipefail
cd /
failed=0
say() { echo "== $*"; }
check() { # WHAT COMMAND...
  local what=$1; shift
  if "$@"; then echo "ok   $what"; else echo "FAIL $what"; failed=1; fi
}
within() { # SECONDS COMMAND...
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.5; done
}
eyes() { systemctl list-units --plain --no-legend 'kaimon-eye@*.service' | wc -l; }
no_eyes() { [ "$(eyes)" = 0 ]; }
live() { [ "$(journalctl -u kaimon -o cat | grep -c '"msg":"camera: live"')" -ge "$1" ]; }
eye_pid() { pgrep -f '^node --no-incremental-marking /opt/kaimon/dist/eye/main.js'; }
new_eye() { local now; now=$(eye_pid) && [ "$now" != "$1" ]; }

say "kernel $(uname -r), $(systemctl --version | head -1), node $(node -v)"
systemd-sysusers /opt/kaimon/systemd/sysusers.d/kaimon.conf
units=/etc/systemd/system
install -m 644 /opt/kaimon/systemd/kaimon.service /opt/kaimon/systemd/kaimon-eye.socket /opt/kaimon/systemd/kaimon-eye@.service $units/
mkdir -p $units/kaimon-eye@.service.d $units/kaimon.service.d /etc/kaimon /srv/film
cp /opt/kaimon/models/build/samples/*.jpg /srv/film/
cat >$units/kaimon-eye@.service.d/thief.conf <<'U'
[Service]
ExecStart=
ExecStart=/opt/kaimon/systemd/eye.sh /opt/kaimon/test/support/taken-over-eye.cjs
BindReadOnlyPaths=/opt/kaimon/test/support
U
cat >/etc/kaimon/kaimon.yaml <<'Y'
camera: { kind: replay, path: /srv/film, fps: 5 }
greeting: { speak: false }
mqtt: { enabled: false }
eye: { hangMs: 20000 }
Y
chown root:kaimon /etc/kaimon/kaimon.yaml; chmod 640 /etc/kaimon/kaimon.yaml
install -d -m 700 -o kaimon -g kaimon /var/lib/kaimon /var/lib/kaimon/journal
install -m 600 -o kaimon -g kaimon /dev/null /var/lib/kaimon/people.json
systemctl daemon-reload
systemctl start kaimon-eye.socket

say 'the eye taken over'
check 'nothing came through' systemd-run --quiet --pipe --wait --uid=kaimon -p WorkingDirectory=/opt/kaimon \
  node /opt/kaimon/test/vm/eye-attack.mjs /run/kaimon-eye.sock /var/lib/kaimon
check 'nobody else gets an eye' sh -c '! setpriv --reuid=65534 --regid=65534 --clear-groups node -e "
  require(\"node:net\").connect(\"/run/kaimon-eye.sock\").on(\"connect\", () => process.exit(0)).on(\"error\", () => process.exit(1))"'
check 'it ended with its connection' within 30 no_eyes

say 'the real eye under the real gate'
cat >$units/kaimon-eye@.service.d/thief.conf <<'U'
[Service]
BindReadOnlyPaths=/srv/film
U
# An emulated machine takes its time.
printf '[Service]\nTimeoutStartSec=900\nWatchdogSec=60\n' >$units/kaimon.service.d/slow.conf
rm -f /var/lib/kaimon/people.json
systemctl daemon-reload
check 'the gate starts' timeout 900 systemctl start kaimon
check 'it sees' within 600 live 1
before=$(eye_pid)
check "the eye is another user's: $(stat -c %U:%G "/proc/$before" 2>/dev/null), the gate is kaimon" sh -c "[ \"\$(stat -c %u /proc/$before)\" -ge 61184 ]"
kill -STOP "$before"
check 'a hung eye is replaced' within 300 new_eye "$before"
check 'and is gone' sh -c "! [ -e /proc/$before ]"
check 'it sees again' within 600 live 2
before=$(eye_pid); kill -KILL "$before"
check 'a killed eye is replaced' within 300 new_eye "$before"
journalctl -u kaimon -o cat | grep -o '"why":"it [^"]*"'
before=$(eye_pid)
systemctl kill -s KILL --kill-who=main kaimon
check 'the eye of a killed gate is gone' within 30 sh -c "! [ -e /proc/$before ]"
systemctl stop kaimon
check 'no eye is left after the stop' within 60 no_eyes
if [ $failed = 0 ]; then say 'all as it should be'; else say FAILED; journalctl -u kaimon -u 'kaimon-eye@*' -o short-monotonic | tail -40; fi
exit $failed
