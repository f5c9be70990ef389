import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../tree.js';

interface Outcome {
  readonly host: string;
  readonly result: string;
  readonly why?: string;
}
interface Rollout {
  rollOut(
    hosts: readonly string[],
    work: (host: string) => Promise<Outcome>,
    rule: { canary: boolean; parallel: number; maxFailed: number },
  ): Promise<readonly Outcome[]>;
  exitCodeOf(outcomes: readonly Outcome[]): number;
}
const { rollOut, exitCodeOf } = (await import(join(checkout, 'scripts/deploy/deploy.d/rollout.mjs'))) as Rollout;

const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
const rule = { canary: true, parallel: 2, maxFailed: 2 };
const resultsOf = (outcomes: readonly Outcome[]) => outcomes.map(({ result }) => result).join(' ');

test('the first host is alone until it is well; afterwards no more than so many are at work', async () => {
  const busy = new Set<string>();
  const seen: number[] = [];
  const outcomes = await rollOut(
    hosts,
    async (host) => {
      busy.add(host);
      seen.push(busy.size);
      if (host === 'a') expect([...busy]).toEqual(['a']);
      await new Promise((resolve) => setImmediate(resolve));
      busy.delete(host);
      return { host, result: 'well' };
    },
    rule,
  );
  expect(outcomes.map(({ host }) => host)).toEqual(hosts);
  expect(seen[0]).toBe(1);
  expect(Math.max(...seen)).toBe(2);
  expect(exitCodeOf(outcomes)).toBe(0);
});

test.each(['rolled-back', 'failed', 'refused', 'unreachable'])(
  'a first host that is %s leaves the others untouched',
  async (result) => {
    const touched: string[] = [];
    const work = async (host: string) => {
      touched.push(host);
      return { host, result };
    };
    expect(resultsOf(await rollOut(hosts, work, rule))).toBe(`${result} skipped skipped skipped skipped skipped`);
    expect(touched).toEqual(['a']);
  },
);

test('after so many that were rolled back no further one is begun; a host that is gone does not count', async () => {
  const work = async (host: string) => ({
    host,
    result: { b: 'unreachable', c: 'rolled-back', d: 'failed' }[host] ?? 'well',
  });
  const outcomes = await rollOut(hosts, work, { ...rule, parallel: 1 });
  expect(resultsOf(outcomes)).toBe('well unreachable rolled-back failed skipped skipped');
  expect(outcomes.at(-1)?.why).toBe('not touched: 2 hosts were rolled back');
  expect(exitCodeOf(outcomes)).toBe(1);
});

test('what goes wrong with one host harms no other', async () => {
  const work = async (host: string) => {
    if (host === 'b') throw new Error('a defect');
    return { host, result: host === 'c' ? 'unreachable' : 'well' };
  };
  const outcomes = await rollOut(hosts, work, rule);
  expect(resultsOf(outcomes)).toBe('well failed unreachable well well well');
});

test('the exit code is that of the worst', () => {
  const code = (...results: string[]) => exitCodeOf(results.map((result) => ({ host: 'a', result })));
  expect([
    code('well'),
    code('well', 'unreachable'),
    code('unreachable', 'refused'),
    code('rolled-back', 'skipped'),
  ]).toEqual([0, 4, 1, 1]);
});
