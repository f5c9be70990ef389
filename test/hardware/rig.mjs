// node test/hardware/rig.mjs RECIPE WORKDIR [--cuts 20] [--only "disk hangs,eye hangs"] [--json]: a whole gate under its real units in a virtual
// machine with GPIO, camera and a disk of its own, harmed while a back office asks it without end: what the door does meanwhile, how long until
// all is back by itself, and whether anything that was acknowledged is missing on its disk; then the mains are cut again and again at random
// moments. RECIPE and WORKDIR as for test/vm/gpio.sh. Needs `npm run build`, built models, mosquitto, and root. Prints a table for
// docs/reliability.md. Exits 1 where a fact was lost, the relay was wrong or service did not come back.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { silentLog } from '../../dist/kit/log.js';
import { seeded } from '../../dist/kit/seeded-random.js';
import { systemClock } from '../../dist/kit/system-clock.js';
import { encoderId } from '../../dist/models/manifest.js';
import { PeopleStore } from '../../dist/store/people-store.js';
import { fromSources } from '../soak/from-sources.mjs';
import { Guest } from './guest.mjs';
import { HARMS } from './harms.mjs';
import { missingFrom } from './kept.mjs';
import { Ledger } from './ledger.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cuts: { type: 'string', default: '20' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    installed: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [recipe, work] = positionals;
if (work === undefined) {
  process.stderr.write(
    'usage: node test/hardware/rig.mjs RECIPE WORKDIR [--cuts N] [--only NAMES] [--seed N] [--installed] [--json]\n',
  );
  process.exit(2);
}
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kaimon-hardware-'));
/** An emulated machine takes its time. */
const BACK_MS = 600_000;
const PEOPLE = 1000;
/** A hung eye counts as such after its `hangMs` of a minute, a camera after `stallMs`. */
const BLIND_MS = 150_000;
/** What a relay may take to fall after the daemon is gone: watchdog (30 s here), five seconds for an abort, then the shell script. */
const IDLE_MS = 60_000;

const random = seeded(Number(values.seed));
const rows = [];
let failed = false;
const say = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function report(row) {
  rows.push(row);
  if (row.wrong.length > 0) failed = true;
  say(JSON.stringify(row));
}

/** The product as it is installed: no packages that only its development needs. */
function packed() {
  const listed = spawnSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, encoding: 'utf8' });
  const packages = listed.stdout
    .split('\n')
    .filter((line) => line.includes('node_modules/'))
    .map((line) => line.slice(line.indexOf('node_modules/')));
  const parts = ['dist', 'models', 'systemd', 'scripts', 'package.json', 'test/hardware/guest', ...packages];
  const exclude = [
    '--exclude=*/darwin',
    '--exclude=*/win32',
    '--exclude=*/linux/arm64',
    '--exclude=*/obj.target',
    '--exclude=models/*training*',
    '--exclude=*.map',
  ];
  const tar = spawnSync('tar', ['-c', ...exclude, ...parts], { cwd: root, maxBuffer: 2 ** 30 });
  if (tar.status !== 0) throw new Error(`the product cannot be packed: ${tar.stderr}`);
  return tar.stdout;
}

/** A people file of many who are removed one after the other. */
async function peopleFile() {
  const file = join(folder, 'people.json');
  const { models } = JSON.parse(readFileSync(join(root, 'models/manifest.json'), 'utf8'));
  const encoder = encoderId(models.find(({ name }) => name === 'openface'));
  const store = await PeopleStore.open({
    file,
    encoder,
    gate: 'rig',
    clock: systemClock,
    log: silentLog,
  });
  const vector = Buffer.alloc(512, Buffer.from(new Float32Array([0.25]).buffer)).toString('base64');
  const template = { encoder, vector, quality: 0.9, added: '2026-11-24T08:00:00.000Z' };
  const rest = { language: null, greeting: null, groups: [], validFrom: null, validUntil: null, by: 'rig' };
  const ids = Array.from({ length: PEOPLE }, (_, n) => `person-${n}`);
  await Promise.all(ids.map((id) => store.put({ id, name: id, templates: [template], ...rest })));
  await store.close();
  return { ids, content: readFileSync(file) };
}

const guest = new Guest(recipe, work);
const rig = {
  guest,
  broker: undefined,
  tunnel(on) {
    if (on) guest.connectBroker(rig.broker.port);
    else guest.disconnectBroker();
  },
  /** @param shift ms, "1970", or null: the right time again */
  async shiftClock(shift) {
    // No kernel takes a time at which it would have been started before 1970.
    const now = shift === '1970' ? 86_400_000 : Date.now() + (shift ?? 0);
    ledger.clockOffsetMs = now - Date.now();
    await guest.exec(`date -s @${Math.round(now / 1000)}`);
  },
};
let ledger;

/** Resolves with the seconds until `met`, null: never. */
async function until(met, ms = BACK_MS) {
  const start = Date.now();
  while (!(await met())) {
    if (Date.now() - start > ms) return null;
    await pause(500);
  }
  return Math.round((Date.now() - start) / 1000);
}

const answers = () => ledger.ask('ping', {});
const sees = () =>
  ledger.state?.camera === 'live' &&
  ledger.state?.eye === 'up' &&
  !said().some((text) => /^camera-(frozen|dark)/.test(text));
const tryDoor = async () => JSON.parse(await guest.exec('node /opt/kaimon/test/hardware/guest/try-door.mjs'));
const doorWorks = ({ buttonMs, pulseMs, fireMs, heldInFire, lockedMs }) =>
  buttonMs !== null && pulseMs !== null && fireMs !== null && heldInFire && lockedMs !== null;
/** Has the button open the door: what comes next finds the relay drawn. */
const PRESS = 'echo pull-down >/run/wires/sim_gpio1/pull; sleep 0.2; echo pull-up >/run/wires/sim_gpio1/pull';
const relayIdle = async () => (await guest.exec('cat /run/wires/sim_gpio0/value')).trim() === '0';
/** What the state says, each sentence up to what differs from case to case. */
const said = () =>
  [...(ledger.state?.problems ?? []), ...(ledger.state?.warnings ?? [])].map((text) => text.slice(0, 60));
/** What a gate of this rig says always: it has no liveness, and takes any clock. */
const USUAL = /^(liveness-off|clock-unchecked)/;
const act = (what) => (typeof what === 'string' ? guest.exec(what) : what(rig));

/** All that was acknowledged, looked for on a copy of the disk. */
const lost = async (tar) => missingFrom(await guest.exec(tar, { binary: true }), ledger);

async function harm({ name, harm, lift, forMs = 0, door = 'works', blinds = false, says = [] }) {
  say(`harm: ${name}`);
  const row = { name, wrong: [] };
  // Nobody can do what an emulated machine does in the time of a real one: the door without a harm is beside it.
  row.before = await tryDoor();
  ledger.work();
  await pause(random() * 3000);
  try {
    if (door === 'idle')
      row.drawn = (await guest.exec(`${PRESS}; cat /run/wires/sim_gpio0/value; ${harm}`)).trim() === '1';
    else await act(harm);
  } catch (thrown) {
    await ledger.rest();
    row.wrong.push(`it could not be done: ${thrown.message}`);
    report(row);
    return;
  }
  const start = Date.now();
  const blind = blinds ? until(() => !sees(), BLIND_MS) : undefined;
  if (door === 'idle') {
    row.idleS = await until(relayIdle, IDLE_MS);
    if (!row.drawn) row.wrong.push('the relay was not drawn before');
    if (row.idleS === null) row.wrong.push('the relay is not idle');
  } else {
    row.during = await tryDoor();
    if (!doorWorks(row.during)) row.wrong.push(`the door did not work meanwhile: ${JSON.stringify(row.during)}`);
    await pause(Math.max(0, forMs - (Date.now() - start)));
    if (blinds && (await blind) === null) row.wrong.push('the state never said that it is blind');
    row.state = said().filter((text) => !USUAL.test(text));
    for (const text of says)
      if (!row.state.some((said) => text.test(said))) row.wrong.push(`the state does not say ${text}`);
  }
  if (lift !== undefined) await act(lift);
  row.answersS = await until(answers);
  row.seesS = await until(sees);
  await ledger.rest();
  row.after = await tryDoor();
  if (row.answersS === null) row.wrong.push('requests are not answered again');
  if (row.seesS === null) row.wrong.push('the camera is not seen again');
  if (!doorWorks(row.after)) row.wrong.push(`the door does not work again: ${JSON.stringify(row.after)}`);
  // What waits for the disk is written within seconds.
  await until(() => said().every((text) => !/journal|people/.test(text)), 60_000);
  row.wrong.push(...(await lost('tar -c -C /var/lib/kaimon .')).slice(0, 5));
  row.facts = ledger.facts;
  report(row);
}

async function cut(n) {
  const row = { name: `power cut ${n}`, wrong: [] };
  ledger.work();
  const fire = random() < 0.3;
  // At any moment: of a pulse, a fire, a write, the start of the eye.
  if (random() < 0.7) await guest.exec(PRESS);
  if (fire) await guest.exec('echo pull-up >/run/wires/sim_gpio3/pull');
  await pause(random() * 15_000);
  await guest.cut();
  await ledger.rest();
  await guest.act('up');
  guest.connectBroker(rig.broker.port);
  row.wrong.push(
    ...(
      await lost('timeout 300 sh -c "until systemctl is-active -q rig-wires; do sleep 1; done"; cat /run/as-left.tar')
    ).slice(0, 5),
  );
  row.answersS = await until(answers);
  row.after = await tryDoor();
  if (row.answersS === null) row.wrong.push('requests are not answered again');
  if (row.after.idle !== true) row.wrong.push('the relay was drawn after the start');
  if (!doorWorks(row.after)) row.wrong.push(`the door does not work again: ${JSON.stringify(row.after)}`);
  row.facts = ledger.facts;
  report(row);
}

async function install(people) {
  say('installing');
  await guest.exec('systemctl stop kaimon 2>/dev/null || true');
  await guest.exec('mkdir -p /root/rig && cat >/root/rig/install.sh', {
    input: readFileSync(join(root, 'test/hardware/guest/install.sh')),
  });
  await guest.exec('bash /root/rig/install.sh', { input: packed() });
  const file = '/var/lib/kaimon/people.json';
  await guest.exec(`cat >${file} && chown kaimon: ${file} && chmod 600 ${file}`, { input: people.content });
}

try {
  await guest.act('build');
  await guest.act('up');
  const [{ startMosquitto }] = await fromSources('/test/site/mosquitto.ts');
  rig.broker = await startMosquitto();
  const people = await peopleFile();
  ledger = await Ledger.open(rig.broker.url, people.ids);
  if (!values.installed) await install(people);
  guest.connectBroker(rig.broker.port);
  say('starting');
  await guest.exec('systemctl start rig-wires rig-feeder kaimon-eye.socket && systemctl start kaimon');
  say(`answers after ${await until(answers)} s, sees after ${await until(sees)} s more`);
  const only = values.only?.split(',');
  for (const one of HARMS) if (only === undefined || only.includes(one.name)) await harm(one);
  for (let n = 1; n <= Number(values.cuts); n++) await cut(n);
} finally {
  await ledger?.close();
  await guest.down();
  await rig.broker?.stop();
  rmSync(folder, { recursive: true, force: true });
}

const number = (value) => (value === undefined || value === null ? '–' : String(value));
if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
else {
  process.stdout.write(
    '| what fails | door meanwhile | state says | answers after | sees after | wrong |\n| --- | --- | --- | --- | --- | --- |\n',
  );
  for (const { name, idleS, during, state, answersS, seesS, wrong } of rows) {
    const door =
      during === undefined
        ? `idle after ${number(idleS)} s`
        : `button ${number(during.buttonMs)} ms, fire ${number(during.fireMs)} ms`;
    const cells = [
      name,
      door,
      state?.join('; ') || '–',
      `${number(answersS)} s`,
      `${number(seesS)} s`,
      wrong.join('; ') || '–',
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}
process.exit(failed ? 1 : 0);
