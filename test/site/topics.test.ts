import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/site/bounded-json.js';
import { PacketSize, type TooLarge } from '../../src/site/link/packet-size.js';
import { parseTopic, topicsOf } from '../../src/site/topics.js';

const names = { site: 'home', gate: 'north' };
const topics = topicsOf(names);

test('every topic that a gate builds is parsed back to the same meaning', () => {
  expect(parseTopic(names, topics.person('ada'))).toEqual({ kind: 'person', id: 'ada' });
  expect(parseTopic(names, topics.request('open'))).toEqual({ kind: 'request', scope: 'gate', verb: 'open' });
  expect(parseTopic(names, topics.siteRequest('open'))).toEqual({ kind: 'request', scope: 'site', verb: 'open' });
  for (const kind of ['state', 'info', 'event', 'sync'] as const) {
    expect(parseTopic(names, topics[kind])).toEqual({ kind, gate: 'north' });
  }
});

test.each([
  'kaimon/home/people/Ada',
  'kaimon/home/people/ada/photo',
  'kaimon/home/people/',
  'kaimon/away/people/ada',
  'kaimon/home/gates/north/request/open/now',
  'kaimon/home/gates/south/request/open',
  'kaimon/home/gates/NORTH/state',
  'kaimon/home/gates/north/state/x',
  'other/home/people/ada',
  'kaimon',
  '',
])('"%s" is not one of this gate\'s topics', (topic) => {
  expect(parseTopic(names, topic)).toBeUndefined();
});

test('no topic throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (text, levels) => {
      parseTopic(names, text);
      parseTopic(names, ['kaimon', 'home', ...levels].join('/'));
    }),
  );
});

test('JSON within the bounds is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value);
      const parsed = parseJson(Buffer.from(text));
      if (parsed.ok) expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(JSON.parse(text)));
      else expect(parsed.why).toContain('more than');
    }),
  );
});

test.each([
  ['brackets in a text are not counted', JSON.stringify({ a: '[[[[[[[[[[[[' }), true],
  ['escaped quotes do not end a text', JSON.stringify({ a: '\\"[[[[[[[[[[[[\\' }), true],
  ['eight levels are allowed', '[[[[[[[[1]]]]]]]]', true],
  ['nine levels are too many', '[[[[[[[[[1]]]]]]]]]', false],
  ['a thousand and one values are too many', JSON.stringify(Array.from({ length: 1_001 }, () => 1)), false],
  ['an unclosed text is not JSON', '{"a', false],
  ['an empty text is not JSON', '', false],
])('%s', (_rule, text, ok) => {
  expect(parseJson(Buffer.from(text)).ok).toBe(ok);
});

test('bytes that are not UTF-8 are refused', () => {
  expect(parseJson(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ ok: false, why: 'the payload is not UTF-8 text' });
});

/** A packet of MQTT as the wire shows it: type, length, content. */
function wire(length: number): Buffer {
  const head = [0x30];
  let rest = length;
  do {
    head.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0xff)]);
}

test('a packet that announces too many bytes is found, however the bytes are cut into pieces', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 70_000 }), (lengths, cut, max) => {
      const bytes = Buffer.concat(lengths.map(wire));
      const watch = new PacketSize(max, 4);
      let found: TooLarge | undefined;
      for (let at = 0; at < bytes.length && found === undefined; at += cut)
        found = watch.feed(bytes.subarray(at, at + cut));
      const tooLarge = lengths.some((length) => length > max);
      expect(found !== undefined).toBe(tooLarge);
    }),
    { numRuns: 50 },
  );
});

test('a length of five bytes is malformed', () => {
  expect(new PacketSize(1e9, 4).feed(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x00]))).toBeDefined();
});
