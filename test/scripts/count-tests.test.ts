import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, tree } from './tree.js';

type Suite = { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] };
const suite = (status: string, ...tests: readonly string[]): Suite => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

function count(
  suites: readonly Suite[] | undefined,
  check: string,
  tests: string,
): [string | undefined, number | null] {
  const root = tree(suites === undefined ? {} : { 'report.json': JSON.stringify({ testResults: suites }) });
  const { code, out } = run(process.execPath, ['scripts/count-tests.mjs', join(root, 'report.json'), check, tests]);
  return [out.trimEnd().split('\n').at(-1), code];
}

describe('the last line of scripts/test', () => {
  test.each<[string, readonly Suite[] | undefined, string, string, string, number]>([
    ['all is well', [suite('passed', 'passed', 'passed', 'skipped')], '0', '0', '2 passed, 0 failed, 1 skipped', 0],
    ['a test failed', [suite('failed', 'passed', 'failed')], '0', '1', '1 passed, 1 failed, 0 skipped', 1],
    ['only npm run check failed', [suite('passed', 'passed')], '1', '0', '1 passed, 1 failed, 0 skipped', 1],
    ['both failed', [suite('failed', 'failed')], '1', '1', '0 passed, 2 failed, 0 skipped', 1],
    ['a file did not load', [suite('failed'), suite('passed', 'passed')], '0', '1', '1 passed, 1 failed, 0 skipped', 1],
    ['an error outside any test', [suite('passed', 'passed')], '0', '1', '1 passed, 1 failed, 0 skipped', 1],
    ['no test ran', [], '0', '0', '0 passed, 1 failed, 0 skipped', 1],
    ['vitest left no report', undefined, '0', '1', '0 passed, 1 failed, 0 skipped', 1],
  ])('%s', (_what, suites, check, tests, line, code) => {
    expect(count(suites, check, tests)).toEqual([line, code]);
  });
});
