import { z } from 'zod';
import { between, flag, text, whole } from '../field.js';

/** Addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Figures for Prometheus. */
export const metricsSection = z
  .strictObject({
    enabled: flag('Offer metrics for Prometheus over HTTP, and /healthz', false),
    host: text(
      'Address that is listened at',
      /^(localhost|\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]{2,39})$/,
      'localhost or an IP address',
      '127.0.0.1',
    ),
    port: whole(
      'Port that is listened at; each gate of a machine needs its own',
      { unit: 'port', min: 1024, max: 65_535 },
      9464,
    ),
    beyondThisMachine: flag(
      'Allow an address that other machines can reach: whoever does learns without a password when people come',
      false,
    ),
  })
  .refine(
    ({ host, beyondThisMachine }) => beyondThisMachine || isLoopback(host),
    between(
      ['host', 'beyondThisMachine'],
      'host',
      'metrics.host is an address that other machines can reach: take 127.0.0.1, or set metrics.beyondThisMachine',
    ),
  );
