// What follows from the imports of all files together: circles, and what a file reaches. Used by check-shape.mjs.
import { dirname, posix } from 'node:path';
import { blank, imports } from './source.mjs';

/** File by file, relative to src/: what it imports, targets inside src as files, packages by their names. */
export function graphOf(sources) {
  return new Map(
    sources.map(([file, source]) => [
      file,
      imports(blank(source).text).map(({ target, typeOnly, dynamic }) => ({
        to: target.startsWith('.')
          ? posix.normalize(posix.join(dirname(file), target)).replace(/\.js$/, '.ts')
          : target,
        typeOnly,
        dynamic,
      })),
    ]),
  );
}

/** Files that need each other, by types too: one of them cannot be understood without the other. */
export function circles(graph) {
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const { to } of graph.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** The ways at run time from `start` to packages that match, each with every file on it. @param follows which imports count */
export function waysTo(graph, start, packages, follows) {
  const ways = [];
  const wayTo = new Map([[start, [start]]]);
  const next = [start];
  for (let file = next.shift(); file !== undefined; file = next.shift())
    for (const one of graph.get(file) ?? []) {
      const { to } = one;
      if (one.typeOnly || wayTo.has(to) || !follows(one)) continue;
      wayTo.set(to, [...wayTo.get(file), to]);
      if (packages.test(to)) ways.push(wayTo.get(to));
      next.push(to);
    }
  return ways;
}

/** Folders that hold more than `most` files directly, with how many. */
export function crowded(files, most) {
  const counts = new Map();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > most);
}
