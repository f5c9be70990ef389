import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema, defaultConfig } from '../../src/config/config.js';
import { commentedYaml, configJsonSchema } from '../../src/config/document.js';
import { RESERVED_VARIABLES } from '../../src/config/environment.js';
import { configKeys, configSections, valueAt } from '../../src/config/keys.js';
import { greetingLanguages } from '../../src/config/sections/greeting.js';
import { languageSchema } from '../../src/person/person.js';
import { given } from './given.js';

const read = (name: string): string => readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8');

describe('the schema', () => {
  test('has a default for every key: an empty file is a valid configuration', () => {
    expect(given('').config).toEqual(defaultConfig);
    expect(configKeys.filter(({ path }) => valueAt(defaultConfig, path) === undefined)).toEqual([]);
  });

  test.each(configKeys.map((key) => [key.name, key] as const))(
    '%s says what it means and what may stand there',
    (_name, key) => {
      expect(key.sentence).toMatch(/^[A-Z].* \([^()]+\)\.$/);
      expect(key.allowed).not.toBe(key.sentence);
    },
  );

  test('describes every section', () => {
    expect(configSections.slice(1).filter(({ sentence }) => sentence === '')).toEqual([]);
  });

  test('gives every key its own environment variable', () => {
    const variables = configKeys.map(({ variable }) => variable);
    expect(new Set([...variables, ...RESERVED_VARIABLES]).size).toBe(variables.length + RESERVED_VARIABLES.length);
    expect(variables).toContain('KAIMON_FACES__QUALITY__MIN_EYE_DISTANCE_PX');
    expect(variables).toContain('KAIMON_DECISION__MAX_AGE_MS');
  });

  test('greets in exactly the languages that a person may have', () => {
    expect([...greetingLanguages]).toEqual(languageSchema.options);
  });
});

describe('config/kaimon.yaml', () => {
  test('holds every key with its default, and nothing else', () => {
    const tree: unknown = parse(read('kaimon.yaml'));
    expect(tree).toEqual(defaultConfig);
    expect(configKeys.filter(({ path }) => valueAt(tree, path) === undefined).map(({ name }) => name)).toEqual([]);
  });

  test('is what `kaimon config schema --yaml` prints', () => {
    expect(read('kaimon.yaml')).toBe(commentedYaml());
  });
});

test('config/kaimon.schema.json is what `kaimon config schema` prints', () => {
  expect(JSON.parse(read('kaimon.schema.json'))).toEqual(configJsonSchema());
});

describe('the examples', () => {
  const names = readdirSync(new URL('../../config/examples/', import.meta.url));

  test('are there', () => expect(names.length).toBeGreaterThanOrEqual(4));

  test.each(names)('%s is a valid configuration', (name) => {
    expect(configSchema.safeParse(parse(read(`examples/${name}`))).error).toBeUndefined();
  });

  test('of two gates share site and broker and differ in the gate', () => {
    const [north, south] = ['two-gates-north.yaml', 'two-gates-south.yaml'].map(
      (name) => given(read(`examples/${name}`)).config,
    );
    expect([south?.site, south?.mqtt.url]).toEqual([north?.site, north?.mqtt.url]);
    expect(south?.gate).not.toBe(north?.gate);
  });
});
