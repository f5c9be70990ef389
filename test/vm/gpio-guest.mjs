// node test/vm/gpio-guest.mjs onoff|gpiod, in the guest of test/vm/gpio.sh: the door's hardware on a virtual chip. Every level is read at
// the wire (gpio-sim's own files), every input is pulled there. Prints one line of JSON; exits 1 when something is not as it should be.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { defaultConfig } from '../../dist/config/config.js';
import { chooseBackend } from '../../dist/door/gpio/backends.js';
import { openHardware } from '../../dist/door/hardware.js';
import { silentLog } from '../../dist/kit/log.js';
import { systemClock } from '../../dist/kit/system-clock.js';

const backend = process.argv[2];
const ROUNDS = 20;
const CONFIGFS = '/sys/kernel/config/gpio-sim/gate';
const text = (file) => readFileSync(file, 'utf8').trim();
const sim = `/sys/devices/platform/${text(`${CONFIGFS}/dev_name`)}/${text(`${CONFIGFS}/bank0/chip_name`)}`;
const wire = (offset) => text(`${sim}/sim_gpio${offset}/value`) === '1';
const pull = (offset, high) => writeFileSync(`${sim}/sim_gpio${offset}/pull`, high ? 'pull-up' : 'pull-down');
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;
const check = (what, holds) => {
  if (holds) return;
  process.stdout.write(`${JSON.stringify({ backend, failed: what })}\n`);
  process.exit(1);
};
async function until(what, holds) {
  const began = now();
  while (!holds()) {
    check(what, now() - began < 15_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return now() - began;
}
const spread = (all) => {
  const sorted = [...all].sort((a, b) => a - b);
  return { n: sorted.length, medianMs: Math.round(sorted[sorted.length >> 1]), mostMs: Math.round(sorted.at(-1)) };
};

const at = (offset) => ({ line: { chip: 'gate-gpio', offset } });
const input = (offset, activeLevel) => ({ ...at(offset), activeLevel, pull: 'as-is' });
const config = {
  ...defaultConfig.door,
  kind: 'gpio',
  gpio: { backend },
  relay: { ...at(0), activeLow: false },
  rex: input(1, 'low'),
  contact: input(2, 'high'),
  fire: input(3, 'high'),
  greenLed: { ...at(4), activeLow: false },
  redLed: { ...at(5), activeLow: true },
  buzzer: { ...at(6), activeLow: false },
};
const runFolder = mkdtempSync('/tmp/door-');
const parts = { clock: systemClock, log: silentLog, runFolder };
pull(1, true);
for (const offset of [2, 3]) pull(offset, false);

// A line that somebody else holds.
const old = text('/proc/version').includes(' 6.1.');
const chip = text(`${CONFIGFS}/bank0/chip_name`);
const holder = spawn('gpioset', old ? ['--mode=signal', chip, '0=0'] : ['-c', chip, '0=0']);
await new Promise((resolve) => setTimeout(resolve, 1500));
const busy = await openHardware(config, parts).then(
  () => 'opened',
  (thrown) => `${thrown.code}: ${thrown.message}`,
);
check(`busy: ${busy}`, busy.startsWith('KAIMON_GPIO_BUSY'));
holder.kill('SIGKILL');
await new Promise((resolve) => holder.once('exit', resolve));

const wrong = await openHardware(
  { ...config, relay: { line: { chip: 'gate', offset: 0 }, activeLow: false } },
  parts,
).catch(({ code }) => code);
check(`wrong: ${wrong}`, wrong === 'KAIMON_GPIO_LINE');

const began = now();
const hardware = await openHardware(config, parts);
const openedMs = now() - began;
check('the relay opens at its safe level', wire(0) === false);
const heard = new Map();
const faults = [];
hardware.onRelayFault((why) => faults.push(why));
hardware.inputs.start({
  changed: (name, active) => heard.set(name, active),
  fault: (name, why) => faults.push(`${name}: ${why}`),
});
await until('the first levels are reported', () => heard.size === 3);
check('the first levels are right', ![...heard.values()].includes(true));
if (backend === 'gpiod') await new Promise((resolve) => setTimeout(resolve, 3000));

const relay = [];
for (let i = 0; i < ROUNDS; i++) {
  const released = i % 2 === 0;
  hardware.lock.drive(released);
  relay.push(await until(`the relay follows (${released})`, () => wire(0) === released));
}
const lamps = [];
for (let i = 0; i < ROUNDS; i++) {
  const green = i % 2 === 0;
  hardware.indicators.show({ green, red: !green, buzzer: green ? 'tone' : 'off' });
  lamps.push(await until('lamps and buzzer follow', () => wire(4) === green && wire(5) === green && wire(6) === green));
}
const inputs = [];
const wires = [
  ['rex', 1, false],
  ['contact', 2, true],
  ['fire', 3, true],
];
for (let i = 0; i < ROUNDS; i++) {
  const active = i % 2 === 0;
  for (const [name, offset, level] of wires) {
    pull(offset, active === level);
    inputs.push(await until(`${name} is heard`, () => heard.get(name) === active));
  }
}
hardware.lock.drive(true);
await until('the relay is on before the end', () => wire(0));
hardware.inputs.close();
hardware.indicators.close();
hardware.lock.close();
check('closing leaves the relay at its safe level', wire(0) === false);
// What gpioset lets go of has the level of its pull, which here is low.
if (backend === 'onoff') check('red is off at the end', wire(5) === true);
check(`faults: ${faults}`, faults.length === 0);
const chosen = (await chooseBackend({ ...config, gpio: { backend: 'auto' } }, parts)).name;
const result = {
  backend,
  what: hardware.what,
  auto: chosen,
  busy,
  openedMs: Math.round(openedMs),
  debounceMs: config.debounceMs,
};
process.stdout.write(
  `${JSON.stringify({ ...result, relay: spread(relay), lamps: spread(lamps), inputs: spread(inputs), record: text(`${runFolder}/door-line`).split('\n').slice(1) })}\n`,
);
process.exit(0);
