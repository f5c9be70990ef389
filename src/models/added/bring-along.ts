// pure
/** What is to be brought along where a gate is set up anew: networks that were added belong to the installation, and no backup holds them. */
import { encoderId, type Manifest, type Model, type ModelOf } from '../manifest.js';

/** The networks that were added to this installation. */
const addedModels = ({ models }: Manifest): readonly Model[] => models.filter(({ source }) => source.kind === 'owner');

/** What a backup of this installation's gate does not hold and a restored gate needs, in sentences. @param encoder the one in use */
export function notInBackup(manifest: Manifest, encoder: string): readonly string[] {
  return addedModels(manifest).flatMap((model) => {
    if (model.role === 'encoder' && model.name !== encoder) return [];
    const without = model.role === 'encoder' ? 'nobody is recognised' : 'it is not asked';
    return [
      `NOT in the backup: the network ${model.name}, which was added here. Keep ${model.name}.json and ${model.file} of ${model.folder ?? 'models/'} with it: without them ${without}`,
    ];
  });
}

/**
 * Why the people of a backup cannot be recognised by this installation, as a sentence; undefined where its encoder is known here.
 * @param id `NAME@DIGEST`
 */
export function encoderToBring(manifest: Manifest, id: string): string | undefined {
  const encoders = manifest.models.filter((model): model is ModelOf<'encoder'> => model.role === 'encoder');
  if (encoders.some((model) => encoderId(model) === id)) return undefined;
  const [name = id] = id.split('@');
  const other = encoders.some((model) => model.name === name) ? `, and the ${name} that is here is another one` : '';
  return `the people of this backup were measured with the encoder ${id}, which is not installed here${other}: NOBODY of them is recognised. Bring ${name}.json and its .onnx from the gate of the backup, or add it again ("kaimon models add", "kaimon models fetch openface-cmu"), and set "encoder: ${name}"`;
}
