import { z } from 'zod';
import { fileOrNull, flag } from '../field.js';

/** How what tells of people is kept on the disk. */
export const storageSection = z
  .strictObject({
    sealKeyFile: fileOrNull(
      'Key that seals people, passages, pictures of attacks and the personal part of the journal, as `kaimon seal new-key` makes it; a bare name is a systemd credential',
    ),
    oldSealKeyFiles: z
      .array(z.string().regex(/^[^\p{Cc}]{1,1024}$/u))
      .max(4)
      .default([])
      .describe('Earlier keys of files that are to be sealed anew at the start (a list of up to 4 paths).'),
    refusePlain: flag(
      'Never take people and passages that are plain, which whoever can write the state folder could have put there: set it when all is sealed; `kaimon seal now` takes them',
      false,
    ),
    eraseOnTamper: flag('Destroy the key when the tamper contact says that the housing is open', false),
  })
  .refine(({ sealKeyFile, eraseOnTamper }) => !eraseOnTamper || sealKeyFile !== null, {
    path: ['eraseOnTamper'],
    message: 'storage.eraseOnTamper needs storage.sealKeyFile: without a key there is nothing to destroy',
  })
  .refine(({ sealKeyFile, refusePlain }) => !refusePlain || sealKeyFile !== null, {
    path: ['refusePlain'],
    message: 'storage.refusePlain needs storage.sealKeyFile: without a key all is plain',
  });
