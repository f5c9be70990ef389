import { Command } from 'commander';
import type { MeasuredFace } from '../face/observation.js';
import { EXIT, OperatingError } from '../kit/errors.js';
import { decodeVector } from '../kit/vector.js';
import { type MeasuredPhoto, withPhotoEye } from '../models/photo-eye.js';
import { type CommonOptions, contextOf, example, print } from './context.js';

interface Failed {
  readonly image: string;
  readonly error: { readonly code: string; readonly message: string };
}

const faceJson = (encoder: string) => (face: MeasuredFace) => ({
  ...face,
  encoder,
  embedding: [...decodeVector(face.embedding)],
  template: face.template && [...decodeVector(face.template)],
});

const photoJson = (image: string, { encoder, width, height, turned, proposed, faces }: MeasuredPhoto) => ({
  image,
  width,
  height,
  turned,
  proposed,
  faces: faces.map(faceJson(encoder)),
});

type Row = ReturnType<typeof photoJson> | Failed;

function lines(row: Row): string[] {
  if ('error' in row) return [row.error.message];
  const way =
    row.turned === null ? ', which way up cannot be told' : row.turned === 0 ? '' : `, turned by ${row.turned}°`;
  const head = `${row.image}: ${row.faces.length} face${row.faces.length === 1 ? '' : 's'} (${row.proposed} proposed${way})`;
  return [
    head,
    ...row.faces.map(({ box, score, quality }) => {
      const at = [box.x, box.y, box.width, box.height].map(Math.round).join(' ');
      return `  box ${at}  score ${score.toFixed(3)}  quality ${quality.overall.toFixed(2)}  yaw ${quality.yaw.toFixed(0)}° pitch ${quality.pitch.toFixed(0)}° roll ${quality.roll.toFixed(0)}°`;
    }),
  ];
}

/** `kaimon embed IMAGE…`: what is measured on each face of each image. */
export function embedCommand(): Command {
  return new Command('embed')
    .description('measure the faces of images: boxes, landmarks, quality, embeddings')
    .argument('<image...>', 'JPEG, PNG or WebP files')
    .addHelpText('after', example('kaimon embed --json ada.jpg'))
    .action(async (images: string[], _own, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const context = contextOf(options);
      const rows = await withPhotoEye(context, async (eye) => {
        const found: Row[] = [];
        for (const image of images) {
          try {
            found.push(photoJson(image, await eye.measure(image)));
          } catch (thrown) {
            if (!(thrown instanceof OperatingError && thrown.trouble === 'input')) throw thrown;
            found.push({ image, error: { code: thrown.code, message: thrown.message } });
          }
        }
        return found;
      });
      print(options, rows, rows.flatMap(lines));
      const usable = rows.every((row) => 'faces' in row && row.faces.length > 0);
      process.exitCode = usable ? EXIT.yes : EXIT.input;
    });
}
