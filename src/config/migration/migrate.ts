// pure
/** Takes the steps of the keys in the text of a configuration, comments and order kept. */
import { isMap, isScalar, parseDocument } from 'yaml';
import { parseYaml } from '../yaml.js';
import { CONFIG_STEPS } from './removed-keys.js';

export interface MigratedConfig {
  readonly text: string;
  /** What was done, a sentence each; none: the text is as it was. */
  readonly done: readonly string[];
}

/**
 * The configuration with renamed keys under their new names and without those that are gone.
 * @param file named in problems @throws ConfigError where the text is no YAML
 */
export function migrateConfig(text: string, file: string, steps = CONFIG_STEPS): MigratedConfig {
  // Reports what is wrong with the text in the same words as everywhere.
  parseYaml(text, file);
  const document = parseDocument(text);
  const done: string[] = [];
  for (const [index, step] of steps.entries()) {
    for (const [name, change] of Object.entries(step)) {
      const path = name.split('.');
      const node = document.getIn(path, true);
      if (node === undefined) continue;
      const by = `step ${index + 1}: ${name}`;
      document.deleteIn(path);
      dropEmpty(document, path.slice(0, -1));
      if ('gone' in change) {
        done.push(`${by} ${change.gone.replace(/: take it out\b/, '')}`);
        continue;
      }
      const to = change.renamed.split('.');
      if (document.hasIn(to)) {
        done.push(`${by} is called ${change.renamed} now, which stands there already and stays as it is`);
        continue;
      }
      document.setIn(to, node);
      done.push(`${by} is called ${change.renamed} now`);
    }
  }
  return { text: done.length === 0 ? text : document.toString({ lineWidth: 0 }), done };
}

/** A section of which nothing is left goes, too. */
function dropEmpty(document: ReturnType<typeof parseDocument>, path: readonly string[]): void {
  const section = path.length === 0 ? undefined : document.getIn(path, true);
  if (isMap(section) && section.items.length === 0) document.deleteIn(path);
  else if (isScalar(section) && section.value === null) document.deleteIn(path);
}
