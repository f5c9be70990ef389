import { Command } from 'commander';
import { z } from 'zod';
import { EXIT, messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { openModels } from '../models/open-models.js';
import { type Person, personNameSchema, personSchema } from '../person/person.js';
import { type CommonOptions, type Context, contextOf, example, print } from './context.js';
import { erasePerson } from './erase.js';
import { addImportOptions, type ImportOptions, importByGate } from './import/import-command.js';
import { isPhotoList } from './import/import-list.js';
import { findPerson, readStoredPeople, withStore } from './people-source.js';
import { reencodePeople } from './reencode.js';

type Act = (context: Context, encoder: string, args: string[], options: CommonOptions) => Promise<void>;

const withoutVectors = ({ templates, ...rest }: Person) => ({
  ...rest,
  templates: templates.map(({ encoder, quality, added }) => ({ encoder, quality, added })),
});

const list: Act = async (context, encoder, _args, options) => {
  const people = await readStoredPeople(context, encoder);
  const rows = people.map(withoutVectors);
  const lines = people.map(
    ({ id, name, templates, groups }) =>
      `${id.padEnd(20)} ${name}  (${templates.length} photo${templates.length === 1 ? '' : 's'}${groups.length > 0 ? `; ${groups.join(', ')}` : ''})`,
  );
  print(options, rows, [...lines, `${people.length} people`]);
};

const show: Act = async (context, encoder, [wanted = ''], options) => {
  const person = withoutVectors(findPerson(await readStoredPeople(context, encoder), wanted));
  print(options, person, [JSON.stringify(person, null, 2)]);
};

const rename: Act = async (context, encoder, [wanted = '', name = ''], options) => {
  const parsed = personNameSchema.safeParse(name);
  if (!parsed.success) throw new OperatingError('KAIMON_USAGE', parsed.error.issues[0]?.message ?? 'no name');
  const renamed = await withStore(context, encoder, async (store) => {
    const person = findPerson([...store.all()], wanted);
    return store.put({ ...person, name: parsed.data, by: 'cli' });
  });
  print(options, withoutVectors(renamed), [`"${renamed.id}" is called ${renamed.name} now`]);
};

const remove: Act = async (context, encoder, [wanted = ''], options) => {
  const result = await withStore(context, encoder, async (store) => {
    const { id } = findPerson([...store.all()], wanted);
    return { id, version: await store.remove(id, 'cli') };
  });
  print(options, result, [`"${result.id}" is removed`]);
};

const erase: Act = async (context, encoder, [wanted = ''], options) => {
  const result = await erasePerson(context, encoder, wanted);
  const { id, version, erased } = result;
  const done = version === null ? `"${id}" was removed before` : `"${id}" is removed`;
  print(options, result, [
    `${done}, and ${erased} ${erased === 1 ? 'entry' : 'entries'} of the journal name nobody any more`,
  ]);
};

const exportAll: Act = async (context, encoder) => {
  const people = await readStoredPeople(context, encoder);
  process.stdout.write(`${JSON.stringify({ schema: 1, encoder, people }, null, 1)}\n`);
};

const fileSchema = z.object({ schema: z.literal(1), encoder: z.string(), people: z.array(personSchema).max(50_000) });

/** An export of 50,000 people with ten templates each has some 1.5 GB; more than a text can hold is refused by name. */
const EXPORT_BYTES_MAX = 512 * 1024 * 1024;

function readExport(file: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(readPlainFileSync(file, EXPORT_BYTES_MAX).toString('utf8')));
  } catch (cause) {
    const what = cause instanceof z.ZodError ? z.prettifyError(cause).split('\n')[0] : messageOf(cause);
    throw new OperatingError('KAIMON_PEOPLE_IMPORT', `${file} is no export of "kaimon people export": ${what}`, {
      cause,
    });
  }
}

const importAll: Act = async (context, encoder, [file = ''], options) => {
  if (isPhotoList(file)) {
    await importByGate(context, file, options as ImportOptions);
    return;
  }
  const { people } = readExport(file);
  const counts = { taken: 0, older: 0, same: 0, future: 0 };
  await withStore(context, encoder, async (store) => {
    const outcomes = await Promise.all(people.map((person) => store.merge(person)));
    for (const outcome of outcomes) counts[outcome] += 1;
  });
  print(options, counts, [
    `${counts.taken} taken, ${counts.same + counts.older} known already, ${counts.future} from the future set aside`,
  ]);
};

const reencode: Act = async (context, _encoder, [folder = ''], options) => {
  const { encoder, rows } = await reencodePeople(context, folder);
  const lines = rows.map(({ id, templates, faults }) =>
    [`${id.padEnd(20)} ${templates} photo${templates === 1 ? '' : 's'}`, ...faults.map((fault) => `  ${fault}`)].join(
      '\n',
    ),
  );
  const left = rows.filter(({ templates }) => templates === 0).length;
  print(options, { encoder, people: rows }, [
    ...lines,
    `${rows.length - left} of ${rows.length} people are known to ${encoder}${left > 0 ? '; enrol the others again' : ''}`,
  ]);
  process.exitCode = left === 0 ? EXIT.yes : EXIT.no;
};

/** `kaimon people …`: the local store. Changes are refused while a daemon has it. */
export function peopleCommand(): Command {
  const command = new Command('people').description('list, show, rename, remove, export and import enrolled people');
  const add = (usage: string, description: string, act: Act) =>
    command
      .command(usage)
      .description(description)
      .addHelpText(
        'after',
        example(
          `kaimon people ${usage.replace('<person>', 'ada').replace('<name>', '"Ada L."').replace('<file>', 'people-backup.json').replace('<dir>', 'photos')}`,
        ),
      )
      .action(async (...received: unknown[]) => {
        const self = received.at(-1) as Command;
        const options = self.optsWithGlobals<CommonOptions>();
        const context = contextOf(options);
        // Whoever is to be removed must not wait for a network that is not there.
        const { encoder } = openModels(context);
        await act(context, encoder, self.args, options);
      });
  add('list', 'everybody', list);
  add('show <person>', 'one person, without the templates', show);
  add('rename <person> <name>', 'change how somebody is greeted', rename);
  add(
    'remove <person>',
    'remove somebody; the other gates follow as soon as the daemon here is connected to the broker',
    remove,
  );
  add(
    'erase <person>',
    'remove somebody and every copy on this disk that still holds templates, the spoken name or, in the journal, who it was',
    erase,
  );
  add('export', 'everything on standard output, templates included: keep it secret', exportAll);
  addImportOptions(
    add(
      'import <file>',
      'take over an export, the newest version of each person wins; or enrol photos through a running gate: a folder (NAME.jpg, NAME/…) or a CSV (photo, name, id, groups, …)',
      importAll,
    ),
  );
  add(
    'reencode <dir>',
    "make templates for the configuration's encoder from photos that you kept: one folder an id",
    reencode,
  );
  return command;
}
