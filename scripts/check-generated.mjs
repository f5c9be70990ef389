// node scripts/check-generated.mjs: what is generated agrees with what generates it, and no file of the project carries the
// address of a package registry (installations go through mirrors).
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
const run = (command, ...args) =>
  execFileSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] });
const problems = [];
const problem = (text) => problems.push(text);
const skip = (text) => console.log(`generated: skipped: ${text}`);

/** What a command prints must be what the file holds. @param how the command that a person types */
function checkPrinted(file, how, ...args) {
  const printed = run(process.execPath, ...args);
  const kept = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
  if (kept.trimEnd() !== printed.trimEnd()) problem(`${file} is out of date: ${how} > ${file}`);
}

function checkMadeFiles() {
  if (!existsSync(join(root, 'src/cli/main.ts'))) return skip('the config schema (there is no src/cli/main.ts)');
  try {
    // setup's build step does nothing where dist is newer than src.
    const build = 'if [ -n "$(bash scripts/setup.d/build.sh missing)" ]; then npm run --silent build; fi';
    run('bash', '-c', build);
  } catch (error) {
    return problem(
      `dist cannot be built, so what is made from it cannot be checked:\n${error.stdout ?? ''}${error.stderr ?? error}`,
    );
  }
  checkPrinted('config/kaimon.schema.json', 'scripts/kaimon config schema', 'dist/cli/main.js', 'config', 'schema');
  checkPrinted(
    'config/kaimon.yaml',
    'scripts/kaimon config schema --yaml',
    'dist/cli/main.js',
    'config',
    'schema',
    '--yaml',
  );
  checkPrinted('docs/asyncapi.yaml', 'node scripts/asyncapi.mjs', 'scripts/asyncapi.mjs');
  checkPrinted('docs/errors.md', 'node scripts/errors-page.mjs', 'scripts/errors-page.mjs');
}

function trackedFiles() {
  try {
    return run('git', 'ls-files', '-z')
      .split('\0')
      .filter((file) => file !== '' && existsSync(join(root, file)));
  } catch {
    return undefined;
  }
}

/** Put together from pieces: this file is tracked too. */
function registryHosts() {
  const known =
    'registry npmjs org, registry yarnpkg com, registry npmmirror com, pypi org, files pythonhosted org, deb debian org';
  const hosts = known.split(', ').map((name) => name.split(' ').join('.'));
  try {
    const own = new URL(run('npm', 'config', 'get', 'registry').trim()).hostname;
    if (own.includes('.') && !/^[\d.]+$/.test(own)) hosts.push(own);
  } catch {
    skip("the host of this machine's own npm registry (npm does not tell)");
  }
  return [...new Set(hosts)];
}

function checkAddresses() {
  const files = trackedFiles();
  if (files === undefined) return skip('addresses of registries (not a git checkout)');
  const hosts = registryHosts();
  for (const file of files) {
    const content = readFileSync(join(root, file), 'latin1');
    if (file.endsWith('package-lock.json') && content.includes('"resolved": "http'))
      problem(`${file} holds addresses: keep omit-lockfile-registry-resolved=true in .npmrc and run npm install`);
    for (const host of hosts)
      if (content.includes(host)) problem(`${file} names the registry host ${host}: take it out`);
  }
}

/** The shape of what asyncapi.mjs prints is checked there; this is the whole standard, with a parser too large to be a dependency. */
async function checkAsyncapi() {
  const file = join(root, 'docs/asyncapi.yaml');
  if (!existsSync(file)) return skip('docs/asyncapi.yaml (there is none)');
  let parser;
  try {
    parser = createRequire(join(root, 'package.json'))('@asyncapi/parser');
  } catch {
    return skip('docs/asyncapi.yaml by the whole standard (@asyncapi/parser is not installed)');
  }
  const found = await new parser.Parser().validate(readFileSync(file, 'utf8'));
  for (const { severity, message, path } of found)
    if (severity === 0) problem(`docs/asyncapi.yaml ${path.join('.')}: ${message}`);
}

checkMadeFiles();
checkAddresses();
await checkAsyncapi();
for (const text of problems) console.log(`generated: ${text}`);
console.log(`generated: ${problems.length === 0 ? 'in order' : `${problems.length} problems`}`);
process.exit(problems.length === 0 ? 0 : 1);
