import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config/config.js';
import { isForeignCredential } from '../config/secret.js';
import { explain, OperatingError } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import { systemClock } from '../kit/system-clock.js';
import { inReleaseFolder, loadManifest } from '../models/model-files.js';
import { loadModels } from '../models/model-set.js';
import type { Person } from '../person/person.js';
import { chooseForVisits, usableCurve } from '../person/thresholds.js';
import { readPeople } from '../store/read-people.js';
import { type Checked, type Finding, ok, problem, warning } from './finding.js';
import { type LookAlikes, lookAlikes } from './judge/look-alikes.js';
import { judgeLookAlikes } from './judge/people.js';

/** So long pairs of people are compared: all of some 2,000 on a PC. */
const COMPARE_MS = 3_000;

export interface PeoplePlace {
  readonly config: Config;
  readonly peopleFile: string;
  readonly calibrationFile: string;
  readonly networks: string;
  readonly vault: Vault;
  readonly log: Log;
}

/** The networks, the people and those of them who look alike. */
export async function lookAtPeople({
  config,
  peopleFile,
  calibrationFile,
  networks,
  vault,
  log,
}: PeoplePlace): Promise<Checked> {
  const choice = { encoder: config.encoder, liveness: config.liveness.enabled };
  let found: {
    readonly encoder: string;
    readonly passing: readonly string[];
    readonly thresholdFor: (templates: number) => ReturnType<typeof chooseForVisits>;
  };
  try {
    const manifest = loadManifest(undefined, networks);
    const models = await loadModels(manifest, choice, calibrationFile);
    const curve = usableCurve(models.curve, models.encoder, config.decision.threshold);
    found = {
      encoder: models.encoder,
      passing: inReleaseFolder(manifest, networks),
      thresholdFor: (templates) => chooseForVisits(curve, config.decision, templates),
    };
  } catch (thrown) {
    return {
      findings: [problem('models', explain(thrown), adviceOn(thrown)), ok('people', 'not looked at without models')],
    };
  }
  const inOrder = `encoder ${found.encoder}, digests in order`;
  const models =
    found.passing.length === 0 ? ok('models', inOrder) : warning('models', [inOrder, ...found.passing].join('; '));
  try {
    const { people } = await readPeople({ file: peopleFile, encoder: found.encoder, vault, clock: systemClock, log });
    const all = [...people.values()];
    const templates = countTemplates(all, found.encoder);
    const { threshold, tooLarge } = found.thresholdFor(templates);
    const similar = await compare(all, found.encoder, threshold);
    return {
      findings: [models, peopleFinding(all.length, templates, tooLarge), judgeLookAlikes(similar)],
      numbers: { people: all.length, templates, lookAlikePairs: similar.pairs.length },
    };
  } catch (thrown) {
    return { findings: [models, notRead(thrown, config.storage.sealKeyFile, vault)] };
  }
}

const adviceOn = (thrown: unknown): string =>
  thrown instanceof OperatingError && thrown.code === 'KAIMON_ENCODER_UNMEASURED'
    ? 'docs/encoders.md, "Thresholds" and "An encoder of your own"'
    : 'kaimon models verify says which, and how each is got again';

/** People who cannot be read. Where only the service has the key nothing is wrong. */
export function notRead(thrown: unknown, sealKeyFile: string | null, { fault }: Pick<Vault, 'fault'>): Finding {
  const sealed = thrown instanceof OperatingError && thrown.code === 'KAIMON_SEAL_KEY';
  if (sealed && fault !== undefined && isForeignCredential(sealKeyFile, process.env))
    return ok(
      'people',
      `not looked at: they are sealed with ${sealKeyFile}, a credential of systemd, which only the service can read; --seal-key FILE gives the key`,
    );
  return problem('people', explain(thrown), 'docs/errors.md says what each message asks for');
}

function peopleFinding(people: number, templates: number, tooLarge: boolean): Finding {
  const text = `${people} enrolled, ${templates} templates`;
  return tooLarge
    ? warning(
        'people',
        `${text}: more than this encoder can tell apart at decision.targetFpir`,
        'fewer people at this gate, or another encoder',
      )
    : ok('people', text);
}

const countTemplates = (people: readonly Person[], encoder: string): number =>
  people.reduce((sum, { templates }) => sum + templates.filter((template) => template.encoder === encoder).length, 0);

async function compare(people: readonly Person[], encoder: string, threshold: number): Promise<LookAlikes> {
  const until = systemClock.monotonic() + COMPARE_MS;
  let newest: LookAlikes = { pairs: [], compared: 0, people: people.length };
  for (const looked of lookAlikes(people, encoder, threshold)) {
    newest = looked;
    if (systemClock.monotonic() >= until) break;
    await turn();
  }
  return newest;
}
