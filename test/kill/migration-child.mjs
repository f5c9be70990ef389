// node migration-child.mjs DIST FOLDER DIE_AT: reads people.json and passages.json of format 1 as a program would that knows one format more, writes
// both, and kills itself with SIGKILL before the step of the file system with this number. Prints the name of the step, or "done".
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dieAtStep } from './die-at-step.mjs';
import { nextOf } from './next-format.mjs';

const [dist, folder, dieAt] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { PeopleFileAdapter } = await load('store/people-file.js');
const { PEOPLE_FORMAT } = await load('store/people-document.js');
const { PASSAGES_FORMAT } = await load('passback/passages-file.js');
const { StateFile } = await load('kit/files/state-file.js');
const { systemClock: clock } = await load('kit/system-clock.js');
const { silentLog: log } = await load('kit/log.js');
const { z } = await import('zod');

const people = new PeopleFileAdapter({ file: join(folder, 'people.json'), clock, log, format: nextOf(PEOPLE_FORMAT) });
const document = await people.read();
const passages = await StateFile.open({
  file: join(folder, 'passages.json'),
  name: 'passages',
  schema: z.looseObject({ schema: z.literal(2) }),
  format: nextOf(PASSAGES_FORMAT),
  empty: { schema: 2 },
  delayMs: 0,
  clock,
  log,
});
dieAtStep(dieAt, ['open', 'link', 'rename', 'rm', 'readdir'], ['writeFile', 'sync', 'close']);
await people.write(document);
await people.write(document);
await passages.saveNow(() => passages.found);
writeSync(1, 'done\n');
