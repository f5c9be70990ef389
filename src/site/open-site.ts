import type { Opening } from '../config/opening.js';
import { Site, type SiteParts } from './site.js';
import type { Uplink } from './uplink.js';

/** The gate's part in its site, not yet started; undefined without a broker. */
export async function openSite(
  { clock, log, endings }: Opening,
  uplink: Uplink | undefined,
  parts: Pick<SiteParts, 'people' | 'passages' | 'handlers' | 'written'>,
): Promise<Site | undefined> {
  if (!uplink) return undefined;
  return endings.open(
    'the site',
    () => new Site({ ...uplink, ...parts, clock, log }),
    (site) => site.stop(),
  );
}
