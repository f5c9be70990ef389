import type { z } from 'zod';
import { withoutMistakes } from './believed.js';
import { type Config, configSchema } from './config.js';
import { type Environment, type Override, readEnvironment } from './environment.js';
import { configKeys, configSections, valueAt } from './keys.js';
import { whatBecameOf } from './migration/removed-keys.js';
import { nestedAt } from './nested.js';
import { ConfigError, describeValue, type Origin, type Problem } from './problem.js';
import { timeMeant } from './sections/access-times.js';
import { suggest } from './suggest.js';
import type { ParsedFile } from './yaml.js';

/** A valid configuration that knows where each value came from. */
export interface CheckedConfig {
  readonly config: Config;
  /** @param name `door.pulseMs` */
  readonly originOf: (name: string) => Origin;
}

/** What a configuration is made of; later sources win. */
export interface Sources {
  readonly file: (ParsedFile & { readonly name: string }) | null;
  readonly env: Environment;
  /** By key, `{ 'camera.kind': 'replay' }`: what the command line asks for. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** As {@link ConfigError}, with what can be believed all the same: for `config check`, which goes on with it. Nothing is run with it. */
export class ConfigMistakes extends ConfigError {
  /** Sections with a mistake have their defaults here, and keys that are not known are left out. */
  readonly rest: CheckedConfig;
  /** The sections with a mistake. */
  readonly wrong: ReadonlySet<string>;

  constructor(problems: readonly Problem[], rest: CheckedConfig, wrong: ReadonlySet<string>) {
    super(problems);
    this.rest = rest;
    this.wrong = wrong;
  }
}

type Issue = z.core.$ZodIssue;

/** A copy of `tree` with `value` at `path`. Missing maps are added; where something other than a map is found, it stays. */
function withValue(tree: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (tree === undefined || tree === null) return { [name]: withValue(undefined, rest, value) };
  if (typeof tree !== 'object' || Array.isArray(tree)) return tree;
  return { ...tree, [name]: withValue(valueAt(tree, [name]), rest, value) };
}

/** `door:` with nothing below it is an empty section, not a mistake. */
const withEmptySections = (tree: unknown): unknown =>
  configSections.reduce(
    (grown, { path }) => (valueAt(grown, path) === null ? withValue(grown, path, {}) : grown),
    tree,
  );

function unknownKey(name: string, sectionPath: readonly string[]): string {
  const section = configSections.find(({ path }) => path.join('.') === sectionPath.join('.'));
  const members = section?.members ?? nestedAt(sectionPath)?.members ?? [];
  const inside = suggest(name, members);
  const meant = inside === null ? null : [...sectionPath, inside].join('.');
  // A correct key in the wrong section is as common a mistake as a mistyped one.
  const elsewhere = configKeys.find((key) => key.path.at(-1) === name)?.name ?? null;
  const answer = meant ?? elsewhere;
  return answer === null ? `unknown key, allowed here: ${members.join(', ')}` : `unknown key, did you mean ${answer}?`;
}

function problemsOf(issue: Issue, tree: unknown, originOf: (path: readonly string[]) => Origin): Problem[] {
  const path = issue.path.map(String);
  const name = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => {
      const full = [...path, unknown];
      return { path: full.join('.'), origin: originOf(full), message: whatBecameOf(full) ?? unknownKey(unknown, path) };
    });
  }
  // The mistake may be that a key is missing: then the nearest section that was written is the place to look at.
  const written = () => {
    const around = path.map((_, i) => originOf(path.slice(0, path.length - i)));
    return around.find(({ kind }) => kind !== 'default') ?? originOf(path);
  };
  if (issue.code === 'custom') return [{ path: name, origin: written(), message: issue.message }];
  if (issue.code === 'invalid_key') {
    const message = `found this name, allowed: ${nestedAt(path.slice(0, -1))?.keys ?? 'another'}`;
    return [{ path: name, origin: originOf(path), message }];
  }
  const key = configKeys.find((candidate) => candidate.name === name);
  const section = configSections.find((candidate) => candidate.name === name);
  const nested = (key ?? section) ? undefined : nestedAt(path);
  const allowed = key?.allowed ?? nested?.allowed ?? `a map with ${(section?.members ?? []).join(', ')}`;
  const found = describeValue(valueAt(tree, path));
  const origin = nested ? written() : originOf(path);
  const meant = /^a time\b/.test(allowed) ? timeMeant(valueAt(tree, path)) : undefined;
  const fits = meant !== undefined && (meant !== '24:00' || allowed.endsWith('24:00'));
  const hint = fits ? `: write ${meant}` : '';
  return [{ path: name, origin, message: `found ${found}, allowed: ${allowed}${hint}` }];
}

/** Mistakes in the file are listed in the order of its lines, after mistakes from anywhere else. */
const lineIn = ({ origin }: Problem): number => (origin.kind === 'file' ? (origin.line ?? 0) : -1);

/** Refuses option names that are not keys: that is a defect of the caller, not a mistake of the owner. */
function optionOverrides(options: Sources['options']): Override[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const key = configKeys.find((candidate) => candidate.name === name);
      if (key === undefined) throw new TypeError(`no configuration key is called ${name}`);
      return { path: key.path, value };
    });
}

/**
 * Lays file, environment and command line over the defaults and checks the result.
 * @throws ConfigMistakes with everything that is wrong.
 */
export function checkConfig({ file, env, options }: Sources): CheckedConfig {
  const environment = readEnvironment(env);
  const given = optionOverrides(options);
  const tree = [...environment.overrides, ...given].reduce(
    (grown, { path, value }) => withValue(grown, path, value),
    withEmptySections(file?.tree ?? {}),
  );
  const originOf = (path: readonly string[]): Origin => {
    const name = path.join('.');
    const same = (override: Override) => override.path.join('.') === name;
    if (given.some(same)) return { kind: 'option' };
    const key = environment.overrides.some(same) ? configKeys.find((candidate) => candidate.name === name) : undefined;
    if (key !== undefined) return { kind: 'environment', variable: key.variable };
    if (file === null || (path.length > 0 && valueAt(file.tree, path) === undefined)) return { kind: 'default' };
    return { kind: 'file', file: file.name, line: file.lineOf(path) };
  };
  const parsed = configSchema.safeParse(tree);
  const wrong = parsed.error?.issues.flatMap((issue) => problemsOf(issue, tree, originOf)) ?? [];
  const problems = [...environment.problems, ...wrong].sort((a, b) => lineIn(a) - lineIn(b));
  const named = (name: string) => originOf(name.split('.'));
  if (parsed.success && problems.length === 0) return { config: parsed.data, originOf: named };
  const believed = withoutMistakes(tree);
  throw new ConfigMistakes(problems, { config: believed.config, originOf: named }, believed.wrong);
}
