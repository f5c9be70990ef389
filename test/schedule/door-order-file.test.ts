import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { NO_ORDER, orderByHand } from '../../src/schedule/door-order.js';
import { DoorOrderFile } from '../../src/schedule/door-order-file.js';
import { tempFolder } from '../store/sample.js';

test('the order that the mode follows survives a restart, except its time on the monotonic clock', async () => {
  const [state, clock] = [await tempFolder(), new ManualClock()];
  const open = () => DoorOrderFile.open(state, { clock, log: silentLog });
  const first = await open();
  expect(first.order).toEqual(NO_ORDER);
  const now = { wall: clock.wall(), mono: clock.monotonic(), trusted: true };
  first.keep(orderByHand('locked', now));
  await first.close();
  const again = await open();
  expect(again.order).toEqual({ mode: 'locked', by: 'hand', atMs: now.wall, atMono: undefined });
  again.keep(orderByHand('open-house', { ...now, trusted: false }));
  await again.close();
  expect((await open()).order).toEqual({ mode: 'open-house', by: 'hand', atMs: null, atMono: undefined });
});

test('an unchanged order is not written again each minute', async () => {
  const [state, clock] = [await tempFolder(), new ManualClock()];
  const memory = await DoorOrderFile.open(state, { clock, log: silentLog });
  memory.keep(memory.order);
  await memory.close();
  expect(readdirSync(state)).toEqual([]);
});

test.each<[string, (file: string) => void]>([
  ['damaged', (file) => writeFileSync(file, '{"schema":1,"mode":"ajar"}')],
  ['unreadable', (file) => mkdirSync(file)],
])(
  'a door whose %s file may have said so is locked and says why, after another restart too, until another order',
  async (_how, spoil) => {
    const [state, clock] = [await tempFolder(), new ManualClock()];
    spoil(join(state, 'door-mode.json'));
    const open = () => DoorOrderFile.open(state, { clock, log: silentLog });
    const lost = [expect.stringMatching(/^the door's mode from before the start is not known: locked until/)];
    const first = await open();
    expect([first.order, first.problems]).toMatchObject([{ mode: 'locked', by: 'hand' }, lost]);
    await first.close();
    const again = await open();
    expect([again.order.mode, again.problems]).toEqual(['locked', lost]);
    // As the plan asks for no other mode, the order is only dated.
    again.keep({ ...again.order, atMs: clock.wall() });
    await again.close();
    for (const order of ['by hand', 'by plan']) {
      const memory = await open();
      expect(memory.problems).toEqual(lost);
      if (order === 'by plan') memory.keep({ ...NO_ORDER });
      else await memory.keepNow(orderByHand('locked', { wall: clock.wall(), mono: clock.monotonic(), trusted: true }));
      expect(memory.problems).toEqual([]);
      await memory.close();
      expect((await open()).problems).toEqual([]);
      writeFileSync(join(state, 'door-mode.json'), '{');
    }
  },
);

test('an order by hand is on the disk when it is acknowledged; where the disk refuses that is told, the order holds, and it is tried again', async () => {
  const [state, clock] = [await tempFolder(), new ManualClock()];
  const memory = await DoorOrderFile.open(state, { clock, log: silentLog });
  const now = { wall: clock.wall(), mono: clock.monotonic(), trusted: true };
  await memory.keepNow(orderByHand('locked', now));
  const kept = () => readFileSync(join(state, 'door-mode.json'), 'utf8');
  expect(kept()).toContain('"locked"');
  rmSync(state, { recursive: true });
  await expect(memory.keepNow(orderByHand('open-house', now))).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
  expect(memory.order.mode).toBe('open-house');
  mkdirSync(state);
  clock.advance(1000);
  await memory.close();
  expect(kept()).toContain('"open-house"');
});
