import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wallMs } from '../../../src/kit/clock.js';
import { type CommandCircumstances, checkCommand, QUIET_MS } from '../../../src/site/home-assistant/command.js';
import { COMMAND_LIFE_MS } from '../../../src/site/home-assistant/options.js';
import { COMMANDS_MAX, SeenCommands } from '../../../src/site/home-assistant/seen-commands.js';

const NOW = Date.UTC(2026, 10, 24, 8);
const circumstances = (changes: Partial<CommandCircumstances> = {}, nowMs = NOW): CommandCircumstances => ({
  time: { nowMs: wallMs(nowMs), startedMs: wallMs(NOW - 60_000), trusted: true },
  listeningMs: 60_000,
  offered: ['lock', 'unlock', 'open', 'picture'],
  signedOnly: false,
  seen: new SeenCommands(),
  ...changes,
});
const packet = (text: string, retain = false) => ({ payload: Buffer.from(text), retain });
const sent = (command: string, atMs = NOW) => packet(JSON.stringify({ command, at: atMs / 1000 }));
const codeOf = (check: ReturnType<typeof checkCommand>) => (check.kind === 'refuse' ? check.code : check.command);

describe('a command', () => {
  test.each(['lock', 'unlock', 'open', 'picture'])(
    '"%s" is taken as the template of the discovery message makes it',
    (command) => {
      expect(codeOf(checkCommand(sent(command.toUpperCase()), circumstances()))).toBe(command);
      const exactly = packet(`{"command":"${command.toUpperCase()}","at":${NOW / 1000}.123456 }`);
      expect(codeOf(checkCommand(exactly, circumstances()))).toBe(command);
    },
  );

  test.each<[string, ReturnType<typeof packet>, Partial<CommandCircumstances>, string]>([
    ['that is retained', { ...sent('OPEN'), retain: true }, {}, 'retained'],
    ['as others send it, without its time', packet('OPEN'), {}, 'bad-request'],
    ['without its time', packet('{"command":"OPEN"}'), {}, 'bad-request'],
    ['with a time that is no number', packet('{"command":"OPEN","at":"now"}'), {}, 'bad-request'],
    ['with a time that is none', packet('{"command":"OPEN","at":1e400}'), {}, 'bad-request'],
    ['of an unknown word', sent('toString'), {}, 'bad-request'],
    ['that is too long', packet(`{"command":"OPEN","at":1,"x":"${'x'.repeat(300)}"}`), {}, 'too-large'],
    ['that is not offered', sent('OPEN'), { offered: ['lock'] }, 'not-allowed'],
    ['where only signed ones are done', sent('OPEN'), { signedOnly: true }, 'unsigned'],
    ['from before the subscription was acknowledged', sent('OPEN'), { listeningMs: undefined }, 'expired'],
    ['from right after it', sent('OPEN'), { listeningMs: QUIET_MS - 1 }, 'expired'],
    ['that is late', sent('OPEN', NOW - COMMAND_LIFE_MS - 1), {}, 'expired'],
    ['from the future', sent('OPEN', NOW + COMMAND_LIFE_MS + 1), {}, 'expired'],
    [
      'from before the start',
      sent('OPEN', NOW - 5000),
      { time: { nowMs: wallMs(NOW), startedMs: wallMs(NOW - 1000), trusted: true } },
      'expired',
    ],
  ])('%s is refused', (_what, given, changes, code) => {
    expect(codeOf(checkCommand(given, circumstances(changes)))).toBe(code);
  });

  test.each(['LOCK', 'UNLOCK', 'OPEN', 'PICTURE'])('%s is refused where only signed ones are done', (command) => {
    expect(codeOf(checkCommand(sent(command), circumstances({ signedOnly: true })))).toBe('unsigned');
  });

  test('is done once, whenever and however often it comes again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -COMMAND_LIFE_MS, max: COMMAND_LIFE_MS }),
        fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 20 }),
        (ahead, pauses) => {
          const seen = new SeenCommands();
          let now = NOW;
          let done = 0;
          for (const pause of [0, ...pauses]) {
            now += pause;
            const check = checkCommand(sent('OPEN', NOW + ahead), circumstances({ seen }, now));
            if (check.kind === 'accept') done++;
          }
          expect(done).toBe(1);
        },
      ),
    );
  });

  test('of one kind keeps no room from another', () => {
    const seen = new SeenCommands();
    const codes = Array.from({ length: COMMANDS_MAX + 1 }, (_, i) =>
      codeOf(checkCommand(sent('OPEN', NOW + i), circumstances({ seen }))),
    );
    expect(codes.at(-1)).toBe('busy');
    expect(codeOf(checkCommand(sent('LOCK'), circumstances({ seen })))).toBe('lock');
    const later = NOW + COMMAND_LIFE_MS + 100;
    expect(codeOf(checkCommand(sent('OPEN', later), circumstances({ seen }, later)))).toBe('open');
  });

  test('of any bytes makes nothing throw, and opens nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (payload, retain) => {
        expect(checkCommand({ payload, retain }, circumstances()).kind).toBe('refuse');
      }),
      { numRuns: 2000 },
    );
  });
});
