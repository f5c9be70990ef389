import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configKeys } from '../../src/config/keys.js';
import { OperatingError } from '../../src/kit/errors.js';
import { given, mistakes } from './given.js';

/** Nine to the eighth values by eight short lines. */
const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...[...'bcdefgh'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`),
].join('\n');

describe('whatever is in the file, the result is a configuration or an error that says what to do', () => {
  const attempt = (text: string, env: Record<string, string> = {}): void => {
    try {
      given(text, env);
    } catch (error) {
      expect(error).toBeInstanceOf(OperatingError);
    }
  };

  test('any JSON value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => attempt(JSON.stringify(value))));
  });

  test('any JSON value at any key', () => {
    const anyKey = fc.constantFrom(...configKeys);
    fc.assert(
      fc.property(anyKey, fc.jsonValue(), fc.nat(3), (key, value, depth) => {
        const tree = key.path.slice(0, depth + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
        attempt(JSON.stringify(tree));
      }),
    );
  });

  test('any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:{}[]&*!|>-?,#"\'%@` \n\t\0'), maxLength: 60 }), (text) =>
        attempt(text),
      ),
    );
  });

  test('any environment', () => {
    const variable = fc.oneof(
      fc.constantFrom(...configKeys.map((key) => key.variable)),
      fc.string().map((name) => `KAIMON_${name}`),
    );
    fc.assert(fc.property(variable, fc.string(), (name, text) => attempt('', { [name]: text })));
  });

  test.each<[string, string, RegExp]>([
    ['brackets a hundred thousand deep', '['.repeat(100_000), /not YAML/],
    ['maps ten thousand deep', '{a: '.repeat(10_000), /YAML/],
    ['aliases that multiply', bomb, /cannot be read as YAML: Excessive alias count/],
    ['an alias of itself', 'a: &a [*a]', /alias|unknown key/],
    ['an alias of nothing', 'a: *b', /alias/],
    ['a list as a key', '? [a, b]\n: c', /unknown key/],
    ['a tag that asks for code', 'site: !!js/function "function () {}"', /site/],
  ])('%s', (_what, text, line) => {
    expect(mistakes(() => given(text))[0]).toMatch(line);
  });
});
