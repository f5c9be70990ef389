import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMessage, MESSAGE_BYTES_MAX, MessageReader } from '../../src/kit/framing.js';

const message = fc.record({
  json: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  blob: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

/** The stream cut at the given shares of its length. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((share) => Math.floor(share * stream.length)), stream.length].sort((a, b) => a - b);
  return ends.map((end, i) => stream.subarray(ends[i - 1] ?? 0, end));
}

const announce = (total: number, text: number) => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(total, 0);
  head.writeUInt32BE(text, 4);
  return head;
};

describe('messages between gate and eye', () => {
  test('arrive whole and in order, however the pipe cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
        (messages, places) => {
          const stream = Buffer.concat(messages.map(({ json, blob }) => encodeMessage(json, blob)));
          const reader = new MessageReader();
          const read = cut(stream, places).flatMap((chunk) => reader.feed(chunk));
          expect(read).toEqual(messages);
        },
      ),
    );
  });

  test('arrive whole when every byte comes alone', () => {
    const stream = Buffer.concat([
      encodeMessage({ kind: 'photo', name: '王小明' }, Buffer.from([0, 255, 10])),
      encodeMessage(null),
    ]);
    const reader = new MessageReader();
    const read = Array.from(stream, (_, i) => reader.feed(stream.subarray(i, i + 1))).flat();
    expect(read).toEqual([
      { json: { kind: 'photo', name: '王小明' }, blob: Buffer.from([0, 255, 10]) },
      { json: null, blob: Buffer.alloc(0) },
    ]);
  });

  test("a photo's bytes stay what they were when the reader goes on", () => {
    const reader = new MessageReader();
    const stream = Buffer.concat([encodeMessage(1, Buffer.from('first')), encodeMessage(2, Buffer.from('second'))]);
    const [first] = reader.feed(stream);
    stream.fill(0);
    expect(first?.blob.toString()).toBe('first');
  });

  test.each([
    ['longer than the limit', announce(101, 5), RangeError],
    ['of 4 GB', announce(0xffffffff, 2), RangeError],
    ['shorter than its own JSON', announce(10, 7), RangeError],
    ['too short for any JSON', announce(3, 0), RangeError],
    ['of broken JSON', Buffer.concat([announce(9, 5), Buffer.from('{"a":')]), SyntaxError],
    ['without JSON', announce(4, 0), SyntaxError],
  ])('one %s is refused', (_what, bytes, error) => {
    expect(() => new MessageReader(100).feed(bytes)).toThrow(error);
  });

  test('one of exactly the limit is taken, one byte more is not', () => {
    const fits = encodeMessage(7, Buffer.alloc(95));
    expect(new MessageReader(100).feed(fits)).toHaveLength(1);
    expect(() => new MessageReader(100).feed(encodeMessage(7, Buffer.alloc(96)))).toThrow('101 bytes');
    expect(() => encodeMessage(1, Buffer.alloc(MESSAGE_BYTES_MAX))).toThrow(RangeError);
  });

  test('random bytes give messages or an error, never more than was sent', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const { blob } of new MessageReader(1000).feed(Buffer.from(bytes)))
            expect(blob.length).toBeLessThanOrEqual(bytes.length);
        } catch (thrown) {
          expect(thrown instanceof RangeError || thrown instanceof SyntaxError).toBe(true);
        }
      }),
    );
  });
});
