import { expect, test } from 'vitest';
import { given, mistakes } from './given.js';

test.each(['127.0.0.1', '127.0.1.1', '::1', 'localhost'])(
  'metrics may be offered at %s, which only this machine reaches',
  (host) => {
    expect(given(`metrics: { host: "${host}" }`).config.metrics.host).toBe(host);
  },
);

test.each(['0.0.0.0', '::', '192.168.1.5', '1270.0.0.1', '127.0.0.1.evil.example'])(
  'metrics are not offered at %s unless that is allowed by a key of its own',
  (host) => {
    expect(mistakes(() => given(`metrics: { host: "${host}" }`))).toEqual([expect.stringContaining('metrics.host')]);
  },
);

test('an address that other machines reach can be allowed', () => {
  const { metrics } = given('metrics: { host: 192.168.1.5, beyondThisMachine: true }').config;
  expect(metrics.host).toBe('192.168.1.5');
});
