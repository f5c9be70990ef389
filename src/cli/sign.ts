import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { signedRequest } from '../keys/sign-request.js';
import { readSigningKey, type SigningKey } from '../keys/signing-key.js';
import { iso, wallMs } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { PHOTO_BYTES_MAX } from '../kit/pictures/picture-header.js';
import { systemClock } from '../kit/system-clock.js';
import { LIFETIME_MAX_MS } from '../site/messages.js';
import { nameSchema } from '../site/topics.js';
import { type CommonOptions, contextOf, example } from './context.js';
import { wholeNumber } from './options.js';

interface SignOptions extends CommonOptions {
  readonly key: string;
  readonly gate?: string;
  readonly site?: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly photo?: string;
  readonly seconds: number;
}

/** `kaimon sign`: a signed request on standard output, for `mosquitto_pub -s`. */
export function signCommand(): Command {
  return new Command('sign')
    .description('make a signed request, on standard output (docs/keys.md)')
    .argument('<verb>', 'what is asked for: enroll, open, …')
    .requiredOption('--key <file>', 'the private key of who asks')
    .option('--gate <name>', 'the gate that is asked; * for the whole site. It goes on the topic of this gate only')
    .option('--site <name>', 'the site; that of the configuration by default')
    .addOption(new Option('--args <json>', 'what the verb takes').argParser(jsonObject).default({}, '{}'))
    .option('--photo <file>', 'a photo, which becomes args.photo')
    .option('--seconds <n>', 'how long it may be taken', wholeNumber(1, LIFETIME_MAX_MS / 1000), 60)
    .addHelpText(
      'after',
      example(
        `kaimon sign open --key guard.key --gate north --args '{"reason":"parcel"}' | mosquitto_pub -q 1 -t kaimon/home/gates/north/request/open -s`,
        `kaimon sign enroll --key office.key --gate north --args '{"name":"Ada"}' --photo ada.jpg | mosquitto_pub -q 1 -t kaimon/home/gates/north/request/enroll -s`,
      ),
    )
    .action(sign);
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError(`JSON is needed: ${messageOf(cause)}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new InvalidArgumentError('A JSON object is needed, such as {"reason":"parcel"}.');
}

function sign(verb: string, _own: unknown, self: Command): void {
  const options = self.optsWithGlobals<SignOptions>();
  const site = options.site ?? contextOf(options).config.site;
  const gate = options.gate ?? contextOf(options).config.gate;
  for (const [name, what] of [
    [site, '--site'],
    [gate === '*' ? 'all' : gate, '--gate'],
    [verb, 'the verb'],
  ] as const)
    if (!nameSchema.safeParse(name).success)
      throw new OperatingError(
        'KAIMON_USAGE',
        `${what}: "${name}" is no name; it has 1–32 characters of a–z, 0–9, "_", "-"`,
      );
  const key = signingKeyOf(options.key);
  const now = systemClock.wall();
  const photo = options.photo === undefined ? {} : { photo: readPhoto(options.photo) };
  const request = {
    v: 1,
    id: randomUUID(),
    time: iso(now),
    expires: iso(wallMs(now + options.seconds * 1000)),
    by: 'kaimon sign',
    args: { ...options.args, ...photo },
  };
  process.stdout.write(`${JSON.stringify(signedRequest(key, { site, gate, verb }, request))}
`);
}

/** The private key in a file. @throws OperatingError KAIMON_KEYS */
export const signingKeyOf = (file: string): SigningKey => readSigningKey(readKeyFile(file), file);

function readKeyFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new OperatingError('KAIMON_KEYS', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

function readPhoto(file: string): string {
  try {
    return readPlainFileSync(file, PHOTO_BYTES_MAX).toString('base64');
  } catch (cause) {
    throw new OperatingError('KAIMON_USAGE', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}
