// node node-modules.mjs FROM TO ARCH: copies those npm packages, and of them those files, that Kaimon needs at run time on one processor.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

/** What a package names as a dependency and needs only to be installed or compiled, or for its own command line or its types. */
const NOT_AT_RUN_TIME = {
  '@u4/opencv4nodejs': ['node-gyp', 'nan', 'picocolors'],
  epoll: ['nan'],
  'unix-dgram': ['nan'],
  'onnxruntime-node': ['adm-zip', 'global-agent'],
  mqtt: ['commist', 'help-me', 'concat-stream', 'minimist'],
  vega: ['vega-typings'],
};

/** Sources, types, maps, and what is meant for other systems, for a command line or for developers. */
const UNWANTED =
  /^makefile$|^bin\.m?js$|\.(map|ts|mts|cts|tsx|flow|tsbuildinfo|cc?|cpp|hh?|hpp|gypi?|o|d|mk|sh|bat|cmd|ps1|tgz|gz|zip|exe|dll|dylib|html|css|png|svg|ico|ya?ml|xml|markdown|md|txt|lock)$/i;
const UNWANTED_FOLDER =
  /^(bin|tests?|integration-test|__tests__|examples?|benchmarks?|docs?|coverage|typings|types|umd|man)$/;
/** Whatever else is left out: these stay, they say what may be done with the package and whose it is. */
const TERMS = /^(licen[cs]e|copying|notice|authors|copyright|third.?party)/i;

/** Files of a package that only its own command line or a browser uses, or that are compiled anew. */
const UNUSED = {
  '@u4/opencv4nodejs': /^(build|bin)\//,
  epoll: /^build\//,
  'unix-dgram': /^build\//,
  mqtt: /^(dist|help|build\/bin)\//,
  pino: /^(bin|browser)\.js$/,
  yaml: /^(browser\/|bin\.mjs$)/,
  fflate: /^(umd|esm\/browser)/,
};

/** The package that `name` means for a package at `path` of the lock: Node looks in each node_modules on the way up. */
export function resolveIn(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules') - 1))) {
    const candidate = posix.join(folder, 'node_modules', name);
    if (packages[candidate]) return candidate;
    if (folder === '') return undefined;
  }
}

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Paths in the lock of all packages that are reached from the project's own dependencies. */
export function neededPackages(lock) {
  const { packages } = lock;
  const needed = new Set();
  const visit = (path) => {
    if (needed.has(path)) return;
    needed.add(path);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[path];
    const unneeded = NOT_AT_RUN_TIME[nameOf(path)] ?? [];
    for (const name of Object.keys({ ...peerDependencies, ...dependencies, ...optionalDependencies })) {
      const found = resolveIn(packages, path, name);
      if (found !== undefined && !unneeded.includes(name) && !name.startsWith('@types/')) visit(found);
    }
  };
  visit('');
  needed.delete('');
  return [...needed].sort();
}

/** Whether a file of a package is needed at run time. @param file its path inside the package */
export function keepsFile(name, file, arch) {
  const parts = file.split('/');
  const base = parts.at(-1);
  if (TERMS.test(base) && !/\.(js|ts)$/.test(base)) return true;
  if (parts.some((part) => part.startsWith('.')) || parts.includes('node_modules')) return false;
  if (UNUSED[name]?.test(file)) return false;
  // Compiled files that a package brings are for many systems; what is compiled here is put in its place afterwards.
  if (name === 'onnxruntime-node' && parts[0] === 'bin') return file.startsWith(`bin/napi-v6/linux/${arch}/`);
  if (base.endsWith('.node')) return false;
  if (UNWANTED_FOLDER.test(parts[0]) && parts.length > 1) return false;
  return !UNWANTED.test(base);
}

const filesBelow = (folder, inside = '') =>
  readdirSync(join(folder, inside), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(inside, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(folder, path);
      return entry.isFile() ? [path] : [];
    });

/** Copies what is needed. @returns the paths of the packages, as in the lock */
export function copyModules(from, to, arch) {
  const lock = JSON.parse(readFileSync(join(from, 'package-lock.json'), 'utf8'));
  const packages = neededPackages(lock);
  for (const path of packages) {
    const files = filesBelow(join(from, path));
    const hasTerms = files.some((file) => !file.includes('/') && TERMS.test(file));
    // Where a package has no licence file its read-me is what states the terms.
    const kept = files.filter(
      (file) => keepsFile(nameOf(path), file, arch) || (!hasTerms && /^readme(\.|$)/i.test(file)),
    );
    for (const file of kept) {
      mkdirSync(join(to, path, dirname(file)), { recursive: true });
      cpSync(join(from, path, file), join(to, path, file));
      chmodSync(join(to, path, file), 0o644);
    }
  }
  return packages;
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , from, to, arch] = argv;
  for (const path of copyModules(from, to, arch)) console.log(path);
}
