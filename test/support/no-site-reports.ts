import type { SiteReports } from '../../src/site/site-reports.js';

/** Keeps nothing. */
export const noSiteReports: SiteReports = {
  requestRefused: () => undefined,
  requestsRefused: () => undefined,
  peopleSetAside: () => undefined,
};
