/** The host's part, a function at a time, on a throw-away gate with two releases: what a whole deployment meets only rarely. */
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { checkout, type Outcome } from '../tree.js';
import { all, type Gate, missing, Site } from './harness.js';
import { write } from './packages.js';
import { ADA_REMOVED } from './stand-ins.js';

if (missing !== undefined) console.log(`deploy: skipped: ${missing}`);
const { HOST_SCRIPT } = (await import(join(checkout, 'scripts/deploy/deploy.d/ssh.mjs'))) as { HOST_SCRIPT: string };
const site = new Site(missing === undefined ? 1 : 0);
const [gate] = site.gates as [Gate];
const PATIENT = ['--steady', '1', '--health-timeout', '100'];
let [old, now] = ['', ''];

/** Runs lines of bash on the gate that know the host's functions. */
function host(lines: string): Outcome {
  write(join(gate.root, 'var/host.sh'), HOST_SCRIPT.replace(/\nmain "\$@"\n$/, '\n'));
  write(join(gate.root, 'var/try.sh'), `BASH_EXECUTION_STRING=x\n. /var/host.sh\n${lines}\n`);
  return site.on(gate, 'bash /var/try.sh');
}
const lib = (name: string) => gate.read(`var/lib/kaimon-deploy/${name}`);
const note = (text: string) => `printf '%s\\n' ${text} >$transaction`;
const noted = (from: string, to: string, gates = 'kaimon.service') =>
  note(`run=r1 to=${to} from=${from} seconds=20 steady=1 keep=3 began=1 "gates=${gates}"`);
const unit = () => gate.read('etc/systemd/system/kaimon.service');

beforeAll(async () => {
  if (missing !== undefined) return;
  await site.start();
  await site.trust('gate1');
  for (const version of ['1.0.0', '2.0.0']) {
    const done = await site.deploy([...PATIENT, await site.pack(version), 'gate1']);
    expect(done, done.err).toMatchObject({ code: 0 });
  }
  [old, now] = [
    lib('previous').trim(),
    /^release=(.*)$/m.exec(gate.read('opt/kaimon/current/.deploy/release'))?.[1] ?? '',
  ];
}, 240_000);
afterAll(() => site.end());
beforeEach(() => {
  if (missing === undefined) host('rm -f $transaction $lib/result $lib/why; : >$lib/log');
});

/** The places of `current` and the units take nothing. */
const STUCK = 'mv() { case $3 in /opt/kaimon/current | /etc/*) return 1 ;; esac; command mv "$@"; }';
const switched = () => `set_aside ${now}; ${noted(now, old)}; link_current ${old} && install_units ${old} || exit 9`;

test.skipIf(missing)('going back needs no more than renames: it works where nothing can be written any more', () => {
  expect(host(switched()).code).toBe(0);
  expect(gate.at).toBe('1.0.0');
  expect(unit()).toContain('# of version 1.0.0');
  const { code } = host('cp() { return 1; }; ln() { return 1; }\nrecover boot');
  expect(code).toBe(0);
  expect(gate.at).toBe('2.0.0');
  expect(unit()).toContain('# of version 2.0.0');
  expect(lib('result')).toContain('outcome=rolled-back');
  expect(host('ls -A $units $home').out).not.toMatch(/\.before|\.new/);
});

test.skipIf(missing).each(['', 'boot'])(
  'a rollback that cannot be done is told as failed, and tried again (recover %s)',
  (how) => {
    expect(host(switched()).code).toBe(0);
    expect(host(`${STUCK}\nrecover ${how}`).code).toBe(1);
    expect(lib('transaction')).toContain(`from=${now}`);
    expect(lib('result')).toMatch(/outcome=failed\nwhy=.*could NOT be put back/);
    expect(host('follow r1 0').out).toContain('deploy: outcome=failed\n');
    expect(host(`${STUCK}; bash() { (recover); }\nlock -n; settle`).out).toContain(
      'deploy: refused=the switch before could not',
    );
    expect(host(`recover ${how}`).code).toBe(0);
    expect(gate.at).toBe('2.0.0');
    expect(unit()).toContain('# of version 2.0.0');
    expect(existsSync(join(gate.root, 'var/lib/kaimon-deploy/transaction'))).toBe(false);
  },
  60_000,
);

test.skipIf(missing)('gates are what runs and what is enabled; where there is neither, nothing is switched', () => {
  const gates = 'gates | tr "\\n" " "';
  expect(host(gates).out).toBe('kaimon.service ');
  host('systemctl enable kaimon@in.service');
  expect(host(`systemctl stop kaimon.service; ${gates}`).out).toBe('kaimon.service kaimon@in.service ');
  const none = host(`systemctl disable kaimon@in.service kaimon.service\nswitch ${old} r2 20 1 3`);
  expect(none.out).toContain('deploy: refused=a release is here, but no gate runs or is enabled');
  expect(host(`(fail() { echo "$*"; exit 1; }; await_health ${now} '')`)).toMatchObject({
    code: 1,
    out: 'no gate was started: nothing could be judged\n',
  });
});

test.skipIf(missing)('a release that is here already is judged, and --status says what is not at work', async () => {
  host('systemctl stop kaimon.service; systemctl enable kaimon.service');
  const down = await site.deploy(['--status', 'gate1']);
  expect(down).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^gate1 {2}not-at-work .*\n +kaimon.service inactive/),
  });
  host(note('run=x'));
  expect((await site.deploy(['--status', 'gate1'])).out).toMatch(/^gate1 {2}switching/);
  host('rm $transaction');
  // As if twenty seconds had passed.
  host(`sleep() { SECONDS=100; }\nswitch ${now} r3 20 1 3`);
  expect(lib('result')).toMatch(
    /run=r3\noutcome=failed\nwhy=it is here already, and not well: kaimon.service is inactive/,
  );
  expect((await site.deploy(['--status', 'gate1'])).out).toContain('last switch: failed: it is here already');
  host('systemctl start kaimon.service');
  host(`switch ${now} r4 20 1 3`);
  expect(lib('result')).toContain('run=r4\noutcome=healthy\n');
});

test.skipIf(missing)('a switch that ends between two looks of `follow` is told, not lost', () => {
  // The result appears, and the transaction goes, right after the first look at either.
  const between = `eval "$(declare -f field | sed '1s/field/real_field/')"
field() {
  real_field "$@"
  [ -e /run/once ] || case $1 in "$lib/result" | "$transaction")
    : >/run/once; printf 'run=r9\\noutcome=healthy\\n' >"$lib/result"; rm -f "$transaction" ;;
  esac
}`;
  host(note('run=r9'));
  expect(host(`rm -f /run/once\n${between}\nfollow r9 0`).out).toContain('deploy: outcome=healthy\n');
});

test.skipIf(missing)('a copy in which nothing arrives any more is given up, and what was received is exact', () => {
  const silent = '{ head -c 300000 /dev/zero; exec sleep 1000; }';
  const { out } = host(`idle_s=1
${silent} > >(take_bytes 600000 >/run/taken; echo $? >/run/code) & s=$!
until [ -s /run/code ]; do command sleep 0.1; done; kill $s
cat /run/code; [ $(stat -c %s /run/taken) -lt 300001 ] || echo more
head -c 700000 /dev/urandom >/run/all; { take_bytes 600000 >/run/a; cat >/run/b; } </run/all; cat /run/a /run/b | cmp - /run/all && stat -c %s /run/a`);
  expect(out).toBe('124\n600000\n');
});

test.skipIf(missing)('a host where another copy is just ending is asked again', async () => {
  const { out } = site.on(
    gate,
    '(flock 9; touch /run/holds; until [ -e /run/release ]; do sleep 0.1; done) 9>/var/lib/kaimon-deploy/lock </dev/null >/dev/null 2>&1 & until [ -e /run/holds ]; do sleep 0.1; done',
  );
  expect(out).toBe('');
  const shim = site.shimSsh(`
case "$*" in *"'receive'"*) ;; *) exec /usr/bin/ssh "$@" ;; esac
[ ! -e $shim/once ] || touch ${gate.root}/run/release
touch $shim/once`);
  const deb = await site.pack('0.1.0');
  // It is busy first, and says what it has to say afterwards.
  const done = await site.deploy([deb, 'gate1'], shim);
  expect(done.err).toContain('another deployment is at work on this host; waiting');
  expect(done.out).toContain('which is newer than 0.1.0');
});

test.skipIf(missing)(
  'every unit of the package comes and goes with its release, and stays enabled; those of a site are left alone',
  () => {
    const has = (name: string) => existsSync(join(gate.root, 'etc/systemd/system', name));
    expect(gate.read('etc/systemd/system/kaimon-tamper.path')).toMatch(/^# Kaimon release 2\.0\.0/);
    expect(gate.read('etc/systemd/system/kaimon-tamper.service')).toContain('/opt/kaimon/current/systemd/tamper.sh');
    host(`systemctl enable kaimon-tamper.path; echo '[Timer]' >$units/kaimon-site.timer; install_units ${old}`);
    expect(gate.read('etc/systemd/system/kaimon-tamper.path')).toMatch(/^# Kaimon release 1\.0\.0/);
    host(`rm $releases/${old}/.deploy/units/kaimon-tamper.path; install_units ${now}; install_units ${old}`);
    expect([has('kaimon-tamper.path'), has('kaimon-site.timer')]).toEqual([false, true]);
    host(`install_units ${now}`);
    expect(
      has('kaimon-tamper.path') &&
        readdirSync(join(gate.root, 'etc/systemd/system/multi-user.target.wants')).includes('kaimon-tamper.path'),
    ).toBe(true);
    expect(host('echo x >$units/kaimon-tamper.path; obstacle').out).toContain('kaimon-tamper.path is not of a release');
    host(`cp $releases/${now}/.deploy/units/kaimon-tamper.path $units/`);
    expect(host('obstacle').out).toBe('');
  },
);

test.skipIf(missing)('a fire is looked at right before the gates stop, and only that of a gate counts', () => {
  const fire = (at: string) => `mkdir -p ${at}; echo fire=active >${at}/door-line`;
  expect(host(`${fire('/run/kaimon/forged')}; fire_at "$(gates)"`).code).toBe(1);
  const calls = gate.read('run/fake/calls');
  expect(host(`systemctl start kaimon.service; ${noted(now, old)}\n${fire('/run/kaimon')}; (act)`).code).toBe(0);
  expect(lib('result')).toContain('outcome=refused\nwhy=the fire alarm is on');
  expect(gate.read('run/fake/calls')).toBe(calls);
  expect(gate.at).toBe('2.0.0');
  host('rm -r /run/kaimon/forged /run/kaimon/door-line');
});

test.skipIf(missing)('the relays of gates are put back, not what else lies there, and no child keeps the lock', () => {
  const { out } =
    host(`mkdir -p /run/kaimon/in /run/kaimon/forged; touch /run/kaimon/door-line /run/kaimon/in/door-line /run/kaimon/forged/door-line
: >/run/made-safe; lock -n
timeout() { shift; printf '%s\\n' "\${@: -1}"; [ ! -e /proc/self/fd/9 ] || echo kept; }
make_safe ${now} 'kaimon.service kaimon@in.service'; cat $lib/log`);
  expect(out).toBe('/run/kaimon/door-line\n/run/kaimon/in/door-line\n');
});

test.skipIf(missing)('a gate that runs from a checkout is in the way', () => {
  const { out } = host('release_of_link() { :; }; running_gates() { echo kaimon@in.service; }; obstacle');
  expect(out).toContain('kaimon@in.service runs, and not from a release: systemctl stop kaimon@in.service (');
});

test.skipIf(missing)('of a journal that is off nothing is asked, as the release reads the configuration', () => {
  const asked = `mkdir -p $lib/before; rm -f $lib/before/*; note_journal ${now} kaimon.service
program() { shift; [ "$1" != health ] || echo "  $*"; return 1; }; property() { echo active; }; gate_faults kaimon.service ${now}`;
  expect(host(asked).out).toContain('--journal /var/lib/kaimon');
  const was = gate.read('etc/kaimon/kaimon.yaml');
  write(join(gate.root, 'etc/kaimon/kaimon.yaml'), 'journal: { enabled: false }\n');
  expect(host(asked).out).not.toContain('--journal');
  write(join(gate.root, 'etc/kaimon/kaimon.yaml'), was);
});

test.skipIf(missing)(
  'releases that were well are kept before those that were rolled back; what goes is out of the way at once',
  () => {
    const made = ['3.0.0', '4.0.0', '5.0.0'].map((version) => `${version}-${'a'.repeat(12)}`);
    const [well, , bad] = made;
    host(`for r in ${made.join(' ')}; do mkdir -p $releases/$r/.deploy; touch $releases/$r/.deploy/release; done; touch -d @1 $releases/${well}/.deploy/confirmed
${note(`run=r1 keep=1 began=1`)}; confirm ${now} ${old}`);
    const kept = host('ls $releases').out;
    expect(kept).toContain(well);
    expect(kept).toContain(now);
    expect(kept).toContain(old);
    expect(kept).not.toContain(bad);
    // Cut off while it is removed.
    host(`(rm() { exit 1; }; retire ${well})`);
    expect(host('ls $releases').out).not.toContain(well);
  },
);

test.skipIf(missing)('a confirmation that is cut off leaves the release before as it was', () => {
  expect(lib('previous').trim()).toBe(old);
  host(`${note(`run=r1 to=${old} from=${now} gates= previous=${old}`)}; echo ${now} >$lib/previous; recover boot`);
  expect(lib('previous').trim()).toBe(old);
});

/** People as 0.1.0 wrote them: Ada and Grace. They belong to the service's user, as far as a test can have one. */
const OWNER = process.getuid?.() === 0 ? 65534 : 0;
function peopleOfBefore(): void {
  const state = join(gate.root, 'var/lib/kaimon');
  for (const name of ['people.json', 'people.json.last-good'])
    cpSync(join(checkout, 'test/fixtures/formats/0.1.0', name), join(state, name));
  host(`cd /var/lib/kaimon; chmod 600 people.json*; chown ${OWNER}:${OWNER} . people.json*; rm -f door-mode.json`);
}
const enrolled = (name: string): unknown => {
  const { schema, people, removed } = JSON.parse(gate.read(`var/lib/kaimon/${name}`));
  return [schema, Object.keys(people), Object.keys(removed).sort()];
};
/** Of the format of before, and without Ada, whom the newer release has removed. */
const WITHOUT_ADA = [1, ['grace'], ['ada', 'gone']];

test.skipIf(missing)(
  'people of a newer format are put back when a release is rolled back, but for who was removed meanwhile; the rest goes on',
  async () => {
    peopleOfBefore();
    host('systemctl start kaimon.service');
    const deb = await site.pack('9.0.0', { mode: 'migrating' });
    const { code, out, err } = await site.deploy(['--steady', '1', '--health-timeout', '10', deb, 'gate1']);
    expect({ code, out }, err).toEqual({ code: 1, out: expect.stringContaining('rolled-back') });
    expect(err).toContain('writes the data of kaimon.service in a newer format');
    expect(err).toContain('kaimon.service: 1 removals were taken over');
    expect(err).toContain('the data of kaimon.service are put back');
    expect([enrolled('people.json'), enrolled('people.json.last-good')]).toEqual([WITHOUT_ADA, WITHOUT_ADA]);
    expect(gate.read('var/lib/kaimon/door-mode.json')).toBe('newer\n');
    expect(site.on(gate, 'stat -c "%a %u" /var/lib/kaimon/people.json').out).toBe(`600 ${OWNER}\n`);
    expect(existsSync(join(gate.root, 'var/lib/kaimon-deploy/data'))).toBe(false);
    expect(host(`free_kb() { echo 100; }; room_for_data $(cd $releases; echo 9.0.0-*) kaimon.service`).out).toContain(
      'no room for a copy',
    );
  },
  120_000,
);

const NEWER = `9.1.0-${'a'.repeat(12)}`;
/** As a switch to it leaves it when that release has migrated, and has removed Ada. */
const migrated =
  () => `newer=${NEWER}; rm -rf $data $releases/$newer; cp -r $releases/${now} $releases/$newer; sed -i 's/^mode=.*/mode=migrating/' $releases/$newer/scripts/kaimon; keep_data $newer kaimon.service || exit 9
echo '${ADA_REMOVED}' | as_owner /var/lib/kaimon tee /var/lib/kaimon/people.json >/dev/null; echo '{"schema":9}' >/var/lib/kaimon/calibration.json`;
/** The release that is gone back to knows neither of the two. */
const BACK = `newer=${NEWER}
eval "$(declare -f program | sed '1s/program/real_program/')"
program() {
  if [ "$3 $2" = 'check data' ] && [ $1 != $newer ]; then
    grep -q '"schema":2' /var/lib/kaimon/people.json && echo '{"documents":[{"file": "people.json","result": "newer"},{"file":"calibration.json","name":"x","result":"newer"}]}'
    return
  fi
  real_program "$@"
}`;
const PUT_BACK = `put_data_back ${'$'}{was:-x} kaimon.service $newer`;
/** Kills itself, as a power cut would, before the STEP-th program that it starts; says \`done\` where there are not so many. */
const killedAt = (step: number) => `${BACK}
step() { echo x >>/run/steps; [ $(wc -l </run/steps) != ${step} ] || kill -9 $$; }
for name in sync mv tar rm mkdir timeout; do eval "$name() { step; command $name "\\$@"; }"; done
as_owner() { local at=$1; shift; step; setpriv --reuid $(stat -c %u $at) --regid $(stat -c %g $at) --clear-groups "$@"; }
rm -f /run/steps; ${PUT_BACK} && echo done`;

test.skipIf(missing)(
  'killed before any step of putting data back, nobody who was removed is there once it has been done again',
  () => {
    const steps: number[] = [];
    for (let step = 1; step < 60; step += all ? 1 : 9) {
      peopleOfBefore();
      expect(host(migrated())).toMatchObject({ code: 0 });
      const killed = host(killedAt(step));
      const again = killed.out === 'done\n' ? killed : host(`${BACK}\n${PUT_BACK}`);
      expect([step, again.code], `${again.err}\n${lib('log')}`).toEqual([step, 0]);
      expect([step, enrolled('people.json'), enrolled('people.json.last-good')]).toEqual([
        step,
        WITHOUT_ADA,
        WITHOUT_ADA,
      ]);
      expect([step, existsSync(join(gate.root, 'var/lib/kaimon/calibration.json'))]).toEqual([step, false]);
      if (killed.out === 'done\n') break;
      steps.push(step);
    }
    expect(steps.length).toBeGreaterThan(all ? 12 : 1);
    expect(steps.length).toBeLessThan(50);
  },
  1_500_000,
);

test.skipIf(missing)('where removals cannot be taken over nothing is put back, and it is tried again', () => {
  peopleOfBefore();
  host(migrated());
  const broken = host(`${BACK}\nreal_program() { echo broken; return 1; }\n${PUT_BACK}`);
  expect([broken.code, enrolled('people.json')]).toEqual([1, [2, [], ['ada']]]);
  expect(lib('log')).toContain('who was removed from kaimon.service since the switch cannot be taken over: broken');
  expect(host(`${BACK}\n${PUT_BACK}`).code).toBe(0);
  expect(enrolled('people.json')).toEqual(WITHOUT_ADA);
});
