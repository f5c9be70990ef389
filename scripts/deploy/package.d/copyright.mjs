// node copyright.mjs HOME [NODE_LICENCE]: prints /usr/share/doc/kaimon/copyright: the terms of all that lies in HOME, which is
// usr/lib/kaimon of the package's tree.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { argv, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';

const TERMS = /^(licen[cs]e|copying|notice|copyright|third.?party)/i;
const README = /^readme(\.|$)/i;

/** Debian has this text on every machine and wants it said once. */
const withoutApache = (text) =>
  text.replace(
    /^[^\n]*Apache License\s+Version 2\.0, January 2004[\s\S]*?END OF TERMS AND CONDITIONS/gm,
    '[The text of the Apache License 2.0: /usr/share/common-licenses/Apache-2.0]',
  );

/** As a field of several lines wants it. */
const indent = (text) =>
  withoutApache(text)
    .replaceAll('\r', '')
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');

const stanza = ({ files, copyright, licence, text, comment }) =>
  [
    `Files: ${files}`,
    `Copyright: ${copyright.join('\n           ')}`,
    `License: ${licence}${text ? `\n${indent(text)}` : ''}`,
    ...(comment ? [`Comment:\n${indent(comment)}`] : []),
  ].join('\n');

/** The lines of a text that say whose it is. */
function holders(text) {
  const lines = text.split('\n').map((line) => line.trim().replace(/^[*#/ ]+/, ''));
  const found = lines.filter((line) => /^(portions )?copyright\b.*(\d{4}|\(c\)|©)/i.test(line) && line.length < 200);
  return [...new Set(found.map((line) => line.replace(/^copyright\s*/i, '').replace(/^(\(c\)|©)\s*/i, '')))];
}

const spdxOf = ({ license, licenses }) => {
  const stated = license ?? licenses?.[0];
  return (typeof stated === 'object' ? stated.type : stated) ?? undefined;
};

const nameOfPerson = (person) => (typeof person === 'string' ? person : person?.name);

/** The folders of packages below a node_modules, nested ones too. */
export function packageFolders(modules) {
  if (!existsSync(modules)) return [];
  const folders = readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      name.startsWith('@')
        ? readdirSync(join(modules, name)).map((inner) => join(modules, name, inner))
        : [join(modules, name)],
    )
    .sort();
  return folders.flatMap((folder) => [folder, ...packageFolders(join(folder, 'node_modules'))]);
}

/** What one npm package says of its terms. @throws Error where it says nothing */
export function termsOf(folder, home) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).sort();
  const stated = files.filter((name) => TERMS.test(name));
  const texts = (stated.length > 0 ? stated : files.filter((name) => README.test(name))).map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  const spdx = spdxOf(manifest) ?? (/\bMIT\b/.test(texts.join('')) ? 'MIT' : undefined);
  if (spdx === undefined)
    throw new Error(`${relative(home, folder)} states no licence: look at it before it is shipped`);
  const whose = holders(texts.join('\n'));
  const author =
    nameOfPerson(manifest.author) ?? nameOfPerson(manifest.contributors?.[0]) ?? `the authors of ${manifest.name}`;
  return {
    files: `usr/lib/kaimon/${relative(home, folder)}/*`,
    copyright: whose.length > 0 ? whose : [author],
    licence: spdx.replaceAll(' ', '-').replaceAll(/[()]/g, ''),
    text:
      stated.length > 0
        ? texts.join('\n\n')
        : `The package ${manifest.name} ${manifest.version} has no licence file; its package.json states ${spdx}.`,
  };
}

/** The networks: their terms are the manifest's, the texts lie beside it. */
function modelStanzas(home) {
  const { models } = JSON.parse(readFileSync(join(home, 'models/manifest.json'), 'utf8'));
  const networks = models.map(({ name, file, licence, origin }) => ({
    files: `usr/lib/kaimon/models/${file}`,
    copyright:
      holders(licence.text).length > 0
        ? holders(licence.text)
        : [/\(c\) ([^.;]*)/i.exec(licence.text)?.[1] ?? `see the comment (${name})`],
    licence: licence.spdx ?? `unclear-${name}`,
    text: licence.text,
    comment: origin,
  }));
  const texts = readdirSync(join(home, 'models/licences')).sort();
  return [
    ...networks,
    {
      files: 'usr/lib/kaimon/models/build/samples/* usr/lib/kaimon/models/build/originals/*',
      copyright: ['Vladimir Mandic'],
      licence: 'MIT',
      text: 'From the npm package @vladmandic/face-api.',
      comment: texts
        .map((name) => `${basename(name, '.txt')}:\n\n${readFileSync(join(home, 'models/licences', name), 'utf8')}`)
        .join('\n\n'),
    },
  ];
}

/** The whole file. @param nodeLicence the text of Node.js's terms, where the package brings it */
export function copyrightFile(home, nodeLicence) {
  const own = {
    files: '*',
    copyright: ['the authors of Kaimon'],
    licence: 'Apache-2.0',
    text: 'The text stands in /usr/share/common-licenses/Apache-2.0 on Debian and Ubuntu.',
  };
  const node = nodeLicence && {
    files: 'usr/lib/kaimon/node/*',
    copyright: ['Node.js contributors, and the holders that the text names'],
    licence: 'MIT-and-others',
    text: nodeLicence,
  };
  const packages = packageFolders(join(home, 'node_modules')).map((folder) => termsOf(folder, home));
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Kaimon\nComment: Made by scripts/deploy/package from what lies in the package.',
    ...[own, ...(node ? [node] : []), ...modelStanzas(home), ...packages].map(stanza),
    '',
  ].join('\n\n');
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , home, nodeLicence] = argv;
  stdout.write(copyrightFile(home, nodeLicence && readFileSync(nodeLicence, 'utf8')));
}
