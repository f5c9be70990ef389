import { Command } from 'commander';
import { EXIT, OperatingError } from '../kit/errors.js';
import { decodeVector } from '../kit/vector.js';
import { withPhotoEye } from '../models/photo-eye.js';
import { squaredDistance } from '../person/distance.js';
import { chooseThreshold, usableCurve } from '../person/thresholds.js';
import { type CommonOptions, contextOf, example, print } from './context.js';
import { distanceOption } from './options.js';
import { findPerson, galleryOf, readStoredPeople } from './people-source.js';

interface Options extends CommonOptions {
  readonly is?: string;
  readonly threshold?: number;
}

/** `kaimon verify`: 1:1, a photo against an enrolled person or against another photo. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('1:1: does the photo show this person, or do two photos show the same one?')
    .argument('<image>', 'JPEG, PNG or WebP with one face')
    .argument('[other]', 'a second image, instead of --is')
    .option('--is <name>', 'id or name of an enrolled person')
    .addOption(distanceOption())
    .addHelpText('after', example('kaimon verify photo.jpg --is ada', 'kaimon verify one.jpg other.jpg'))
    .action(async (image: string, other: string | undefined, _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if ((other === undefined) === (options.is === undefined))
        throw new OperatingError('KAIMON_USAGE', 'give either a second image or --is NAME');
      const context = contextOf(options);
      const { config } = context;
      const limits = config.faces.quality;
      const result = await withPhotoEye(context, async (eye) => {
        const { encoder } = eye.modelSet;
        const byHand = options.threshold ?? config.decision.threshold;
        const curve = usableCurve(eye.modelSet.curve, encoder, byHand);
        const person =
          options.is === undefined ? undefined : findPerson(await readStoredPeople(context, encoder), options.is);
        const probe = decodeVector((await eye.measureOne(image, limits)).embedding);
        const claimed = person && galleryOf([person], eye.modelSet);
        const distance = person
          ? claimed?.distanceTo(person.id, probe)
          : squaredDistance(probe, decodeVector((await eye.measureOne(other as string, limits)).embedding));
        if (distance === undefined)
          throw new OperatingError(
            'KAIMON_PEOPLE_ENCODER',
            `"${options.is}" has no template of the encoder ${encoder}: enrol again`,
          );
        // One claimed identity: compared with the templates of that person only.
        const { threshold } = chooseThreshold(curve, config.decision.targetFpir, claimed?.templates ?? 1, byHand);
        const who = person ? { id: person.id, name: person.name } : null;
        return { same: distance <= threshold, distance, threshold, encoder, person: who };
      });
      const verdict = result.same ? 'the same person' : 'not the same person';
      print(options, result, [
        `${verdict}: distance ${result.distance.toFixed(3)}, threshold ${result.threshold.toFixed(3)}`,
      ]);
      process.exitCode = result.same ? EXIT.yes : EXIT.no;
    });
}
