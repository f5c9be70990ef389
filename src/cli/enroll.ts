import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { Enrolment, EnrolmentRefused } from '../gate/enrolment.js';
import { OperatingError } from '../kit/errors.js';
import { systemClock } from '../kit/system-clock.js';
import { withPhotoEye } from '../models/photo-eye.js';
import {
  type Language,
  languageSchema,
  momentSchema,
  personIdSchema,
  personNameSchema,
  personSchema,
} from '../person/person.js';
import { chooseThreshold, usableCurve } from '../person/thresholds.js';
import { type CommonOptions, contextOf, example, print } from './context.js';
import { enrolPhotos } from './enrol-photos.js';
import { galleryOf, withStore } from './people-source.js';

interface Options extends CommonOptions {
  readonly id?: string;
  readonly group?: string[];
  readonly from?: string;
  readonly until?: string;
  readonly language?: Language;
  readonly force?: boolean;
  readonly skipBad?: boolean;
}

const dataSchema = z.object({
  name: personNameSchema,
  id: personIdSchema.optional(),
  groups: personSchema.shape.groups.optional(),
  validFrom: momentSchema.optional(),
  validUntil: momentSchema.optional(),
  language: languageSchema.optional(),
  force: z.boolean().optional(),
});

function dataOf(name: string, { id, group, from, until, language, force }: Options): z.infer<typeof dataSchema> {
  const parsed = dataSchema.safeParse({ name, id, groups: group, validFrom: from, validUntil: until, language, force });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OperatingError('KAIMON_USAGE', `${issue?.path.join('.') || 'name'}: ${issue?.message}`);
}

/** A refused enrolment is an unusable input, whatever the reason. */
function asInputError(thrown: unknown): unknown {
  if (!(thrown instanceof EnrolmentRefused)) return thrown;
  return new OperatingError('KAIMON_ENROLMENT', thrown.message, { cause: thrown, reason: thrown.code });
}

/** `kaimon enroll NAME IMAGE…`: adds a person, or templates to one. */
export function enrollCommand(): Command {
  return new Command('enroll')
    .description('add a person from one photo or more (one good photo is enough)')
    .argument('<name>', 'how the person is greeted')
    .argument('<image...>', 'JPEG, PNG or WebP files, each with one face; of many the best are kept')
    .option(
      '--id <id>',
      'id of the person, random where none is given (people.ids); with a known id the photos are added to that person',
    )
    .option('--group <group...>', 'groups for access rules')
    .option('--from <date>', 'no access before, as 2026-11-24 or 2026-11-24T08:00:00Z')
    .option('--until <date>', 'no access from then on')
    .addOption(new Option('--language <language>', 'language of the greeting').choices(languageSchema.options))
    .option('--force', 'take a face that is near somebody else')
    .option('--skip-bad', 'leave out photos that cannot be used, and say which; without it one of them stops all')
    .addHelpText(
      'after',
      example('kaimon enroll "Ada Lovelace" ada.jpg --id ada', 'kaimon enroll Ada photos/*.jpg --skip-bad'),
    )
    .action(async (name: string, images: string[], _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const data = dataOf(name, options);
      const context = contextOf(options);
      const { config } = context;
      const by = `cli:${userInfo().username}`.slice(0, 64);
      const enrolled = await withPhotoEye(context, (eye) =>
        withStore(context, eye.modelSet.encoder, async (store) => {
          const gallery = galleryOf(store.all(), eye.modelSet);
          store.onChange(({ id, person }) => (person ? gallery.set(person) : gallery.delete(id)));
          const { targetFpir, threshold } = config.decision;
          const curve = usableCurve(eye.modelSet.curve, eye.modelSet.encoder, threshold);
          const enrolment = new Enrolment({
            store,
            gallery,
            clock: systemClock,
            limits: config.faces.quality,
            maxTemplates: config.people.maxTemplates,
            ids: config.people.ids,
            random: randomBytes,
            duplicateDistance: () =>
              config.people.duplicateDistance ??
              chooseThreshold(curve, targetFpir, gallery.templates, threshold).threshold,
          });
          return enrolPhotos({ eye, enrolment, images, data, by, skipBad: options.skipBad ?? false });
        }),
      ).catch((thrown: unknown) => {
        throw asInputError(thrown);
      });
      const { person, quality, nearest, kept, namesakes, turned, skipped } = enrolled;
      const { id, version, name: called } = person;
      const templates = person.templates.length;
      const photos = `${templates} photo${templates === 1 ? '' : 's'}`;
      const given = images.length - skipped.length;
      const best =
        kept < given
          ? [`of the ${given} photos given the best ${kept} are kept: ${config.people.maxTemplates} are allowed`]
          : [];
      print(options, { id, name: called, templates, version, quality, nearest, kept, namesakes, turned, skipped }, [
        ...skipped.map(({ image, message }) => `left out: ${image}: ${message}`),
        ...turned.map(({ image, degrees }) => `turned upright: ${image} (by ${degrees}°)`),
        ...best,
        `${called} is enrolled as "${id}" with ${photos} (quality ${quality.toFixed(2)})`,
        ...(namesakes.length > 0
          ? [
              `others are called ${called} too, with another face: ${namesakes.join(', ')}; if it is one person, remove one`,
            ]
          : []),
      ]);
    });
}
