import { expect, test } from 'vitest';
import { type LogHeld, LogQueue } from '../../../src/kit/logging/log-queue.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';

/** A reader that takes as many bytes as it is told to, and then none. */
class Reader {
  room = Number.POSITIVE_INFINITY;
  fault: string | undefined;
  #taken = '';

  write(bytes: Uint8Array): number {
    if (this.fault !== undefined) throw new Error(this.fault);
    const count = Math.min(bytes.length, this.room);
    this.room -= count;
    this.#taken += Buffer.from(bytes.subarray(0, count)).toString();
    return count;
  }
  writeLast(bytes: Uint8Array): number {
    return this.write(bytes);
  }
  get taken(): string {
    return this.#taken;
  }
}

function stage(bytesMax = 30) {
  const [clock, reader] = [new ManualClock(), new Reader()];
  const held: LogHeld[] = [];
  const queue = new LogQueue({
    sink: reader,
    clock,
    bytesMax,
    onFlowing(now) {
      held.push(now);
      queue.write(`lost ${now.lost}\n`);
    },
  });
  return { clock, reader, held, queue };
}

test('a line is with the reader when the call returns', () => {
  const { reader, queue, held } = stage();
  queue.write('one\n');
  expect(reader.taken).toBe('one\n');
  expect([queue.problems(), held]).toEqual([[], []]);
});

test('what is not read waits, in order, and what finds no room is counted and told once the log flows again', () => {
  const { clock, reader, queue, held } = stage();
  reader.room = 6;
  for (let n = 0; n < 10; n++) queue.write(`line ${n}\n`);
  expect(reader.taken).toBe('line 0');
  clock.advance(5_000);
  expect(queue.problems()).toEqual([expect.stringMatching(/^log-stalled: .*; 5 lines lost$/)]);
  reader.room = Number.POSITIVE_INFINITY;
  clock.advance(100);
  expect(reader.taken).toBe('line 0\nline 1\nline 2\nline 3\nline 4\nlost 5\n');
  expect(held).toEqual([{ lost: 5, heldMs: 5_100 }]);
  expect(queue.problems()).toEqual([]);
  queue.write('after\n');
  expect(reader.taken.endsWith('lost 5\nafter\n')).toBe(true);
  expect(queue.lostTotal).toBe(5);
});

test('a short pause of the reader is no problem and deserves no line', () => {
  const { clock, reader, queue, held } = stage();
  reader.room = 0;
  queue.write('one\n');
  clock.advance(1_000);
  expect(queue.problems()).toEqual([]);
  reader.room = 100;
  clock.advance(100);
  expect([reader.taken, held]).toEqual(['one\n', []]);
});

test('a reader that is gone throws nothing into the gate, and the state says why', () => {
  const { clock, reader, queue } = stage();
  reader.fault = 'EPIPE: broken pipe';
  queue.write('one\n');
  clock.advance(3_000);
  expect(queue.problems()[0]).toContain('EPIPE: broken pipe');
  reader.fault = undefined;
  clock.advance(100);
  expect(reader.taken).toContain('one\n');
});

test('at the end of the process what waits is written if it is taken now', () => {
  const { reader, queue } = stage();
  reader.room = 0;
  queue.write('one\n');
  queue.write('two\n');
  reader.room = 5;
  queue.flush();
  expect(reader.taken).toBe('one\nt');
});
