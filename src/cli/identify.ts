import { Command } from 'commander';
import { REASONS } from '../access/reasons.js';
import { EXIT } from '../kit/errors.js';
import { decodeVector } from '../kit/vector.js';
import { withPhotoEye } from '../models/photo-eye.js';
import { matchOf } from '../person/gallery.js';
import { chooseThreshold, usableCurve } from '../person/thresholds.js';
import { type CommonOptions, contextOf, example, print } from './context.js';
import { distanceOption } from './options.js';
import { galleryOf, readStoredPeople } from './people-source.js';

interface Options extends CommonOptions {
  readonly threshold?: number;
}

/** `kaimon identify`: 1:K, who of the enrolled people is this, or nobody? */
export function identifyCommand(): Command {
  return new Command('identify')
    .description('1:K: who of the enrolled people is this, or nobody?')
    .argument('<image>', 'JPEG, PNG or WebP with one face')
    .addOption(distanceOption())
    .addHelpText('after', example('kaimon identify photo.jpg'))
    .action(async (image: string, _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const context = contextOf(options);
      const { config } = context;
      const result = await withPhotoEye(context, async (eye) => {
        const people = await readStoredPeople(context, eye.modelSet.encoder);
        const gallery = galleryOf(people, eye.modelSet);
        const face = await eye.measureOne(image, config.faces.quality);
        const byHand = options.threshold ?? config.decision.threshold;
        const curve = usableCurve(eye.modelSet.curve, eye.modelSet.encoder, byHand);
        const { threshold } = chooseThreshold(curve, config.decision.targetFpir, gallery.templates, byHand);
        const ranking = gallery.rank(decodeVector(face.embedding));
        const match = matchOf(ranking, { threshold, margin: config.decision.margin });
        const person = match.kind === 'person' ? people.find(({ id }) => id === match.best.id) : undefined;
        return {
          person: person ? { id: person.id, name: person.name } : null,
          distance: ranking.best?.distance ?? null,
          secondDistance: ranking.second?.distance ?? null,
          threshold,
          reason: match.kind === 'person' ? null : match.kind,
        };
      });
      const { person, distance, threshold, reason } = result;
      const figures = `distance ${distance?.toFixed(3) ?? 'none'}, threshold ${threshold.toFixed(3)}`;
      print(options, result, [
        person ? `${person.name} (${person.id}): ${figures}` : `nobody: ${REASONS[reason ?? 'nobody']} (${figures})`,
      ]);
      process.exitCode = person ? EXIT.yes : EXIT.no;
    });
}
