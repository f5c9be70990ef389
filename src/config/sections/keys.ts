import { z } from 'zod';
import { fileOrNull } from '../field.js';

/** Who may ask this gate, and who may share people with it. */
export const keysSection = z
  .strictObject({
    siteKeys: z
      .array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/))
      .max(4)
      .default([])
      .describe(
        'Public keys of the site, as `kaimon keys new` prints them; with any, requests and people are taken only when signed by somebody of its list (a list of up to 4 keys of 44 characters).',
      ),
    ownKeyFile: fileOrNull(
      'Private key of this gate, with which it signs people that it shares (PEM, of `kaimon keys add --role gate`); a bare name is a systemd credential',
    ),
    sealKeyFile: fileOrNull(
      'Secret of the site with which people are sealed at the broker, as `kaimon keys new` makes it, the same at all gates; a bare name is a systemd credential',
    ),
    oldSealKeyFiles: z
      .array(z.string().regex(/^[^\p{Cc}]{1,1024}$/u))
      .max(4)
      .default([])
      .describe(
        'Earlier secrets of the site, while records of theirs may still be at the broker (a list of up to 4 paths).',
      ),
  })
  .refine(
    ({ siteKeys, ownKeyFile, sealKeyFile }) => siteKeys.length > 0 || (ownKeyFile === null && sealKeyFile === null),
    {
      path: ['siteKeys'],
      message: 'keys.ownKeyFile and keys.sealKeyFile need keys.siteKeys: without it nothing is checked',
    },
  );
