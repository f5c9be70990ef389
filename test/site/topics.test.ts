import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/site/bounded-json.js';
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
