import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
} from 'yaml';
import { messageOf } from '../kit/errors.js';
import { ConfigError, type Problem } from './problem.js';

/** Aliases (`*name`) that a file may use: a handful is convenience, more is a bomb. */
const ALIASES_MAX = 16;

/** Syntax errors that are reported: the first is the mistake, most of the others only follow from it. */
const SYNTAX_ERRORS_MAX = 5;

/** A configuration file as plain values, with the lines on which they stand. */
export interface ParsedFile {
  readonly tree: unknown;
  /** The line of the key or list entry at `path`, or of the nearest key above it; null where there is none. */
  readonly lineOf: (path: readonly string[]) => number | null;
}

const keyName = (pair: Pair): string | null => (isScalar(pair.key) ? String(pair.key.value) : null);

function keyOffset(document: Document, path: readonly string[]): number | null {
  let at: unknown = document.contents;
  let offset: number | null = null;
  for (const name of path) {
    if (isAlias(at)) at = (at as Alias).resolve(document);
    if (isSeq(at)) {
      const item: unknown = at.items[Number(name)];
      if (!isNode(item)) break;
      if (item.range) offset = item.range[0];
      at = item;
      continue;
    }
    if (!isMap(at)) break;
    const pair = at.items.find((item) => keyName(item) === name);
    if (pair === undefined) break;
    if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
    at = pair.value;
  }
  return offset;
}

/** Plainer words than the parser's for the mistakes that owners make most. */
const explainCode = (code: string, message: string): string => {
  if (code === 'TAB_AS_INDENT') return 'a tab stands where spaces must: indent with spaces';
  if (code === 'DUPLICATE_KEY') return 'this key stands twice: keep one';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here: one file holds one document';
  return `not YAML: ${message}`;
};

/**
 * Reads YAML (JSON is YAML too) without checking the values.
 * @param file named in problems.
 * @throws ConfigError where the text is not YAML, has a key twice, is not a map, or uses too many aliases.
 */
export function parseYaml(text: string, file: string): ParsedFile {
  const lines = new LineCounter();
  const at = (line: number | null, message: string): Problem => ({
    path: '',
    origin: { kind: 'file', file, line },
    message,
  });
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    if (document.errors.length > 0) {
      throw new ConfigError(
        document.errors
          .slice(0, SYNTAX_ERRORS_MAX)
          .map(({ code, message, pos }) => at(lines.linePos(pos[0]).line, explainCode(code, message))),
      );
    }
    const tree: unknown = document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {};
    if (typeof tree !== 'object' || Array.isArray(tree)) {
      throw new ConfigError([at(1, 'found no map of keys: write lines such as "site: home"')]);
    }
    return {
      tree,
      lineOf: (path) => {
        const offset = keyOffset(document, path);
        return offset === null ? null : lines.linePos(offset).line;
      },
    };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    // The library throws for alias bombs and, by stack overflow, for thousands of nested brackets.
    throw new ConfigError([at(null, `cannot be read as YAML: ${messageOf(cause)}`)], { cause });
  }
}
