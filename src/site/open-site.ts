import type { Opening } from '../config/opening.js';
import { openSeenRequests } from './requests/seen-file.js';
import { Site } from './site.js';
import type { SiteParts } from './site-parts.js';
import { openInSyncFile } from './sync/in-sync-file.js';
import type { Uplink } from './uplink.js';

/** The gate's part in its site, not yet started; undefined without a broker. @throws OperatingError KAIMON_FILE_READ */
export async function openSite(
  opening: Opening,
  uplink: Uplink | undefined,
  parts: Pick<SiteParts, 'people' | 'passages' | 'handlers' | 'reports' | 'trustedClock' | 'written' | 'keys'>,
): Promise<Site | undefined> {
  if (!uplink) return undefined;
  const { clock, log, endings, config } = opening;
  const requests = await openSeenRequests(opening);
  const inSync = await openInSyncFile(opening);
  const { tombstoneDays } = config.sync;
  return endings.open(
    'the site',
    () => new Site({ ...uplink, ...parts, requests, inSync, tombstoneDays, clock, log }),
    (site) => site.stop(),
  );
}
