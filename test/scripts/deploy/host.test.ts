/** The host's part, a function at a time, on a throw-away gate with two releases: what a whole deployment meets only rarely. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { checkout, type Outcome } from '../tree.js';
import { type Gate, missing, Site } from './harness.js';
import { write } from './packages.js';

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
