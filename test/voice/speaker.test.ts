import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { runChild } from '../../src/voice/child.js';
import { type EspeakOptions, EspeakSpeaker } from '../../src/voice/espeak-speaker.js';
import { SilentSpeaker } from '../../src/voice/silent-speaker.js';
import { wavSeconds } from '../../src/voice/wav.js';
import { speakerContract } from '../contract/speaker.contract.js';
import { installed, Stage } from './stage.js';

speakerContract('the silent one', () => {
  const speaker = new SilentSpeaker();
  return { speaker, heard: () => speaker.said.map(({ text }) => text), clear: () => undefined };
});

speakerContract('espeak-ng and aplay', () => {
  const stage = new Stage();
  const programs = { espeak: stage.espeak(), aplay: stage.aplay() };
  const speaker = new EspeakSpeaker({
    cacheFolder: stage.cacheFolder,
    device: null,
    volume: 100,
    log: silentLog,
    programs,
  });
  return { speaker, heard: () => stage.heard(), clear: () => stage.clear() };
});

const hasEspeak = installed('espeak-ng');

describe('espeak-ng and aplay', () => {
  let stage: Stage;
  let speaker: EspeakSpeaker;
  let logged: string[];
  beforeEach(() => {
    stage = new Stage();
    logged = [];
  });
  afterEach(async () => {
    await speaker.close();
    stage.clear();
  });

  const log = {
    warn: (_fields: unknown, line: string) => logged.push(line),
    info: (line: string) => logged.push(line),
  } as unknown as EspeakOptions['log'];

  const start = (programs: { espeak: string; aplay: string }, device: string | null = null) => {
    speaker = new EspeakSpeaker({ cacheFolder: stage.cacheFolder, device, volume: 80, log, programs });
  };
  const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });
  const played = (count: number) => until(() => expect(stage.lines('aplay.files')).toHaveLength(count));

  test.skipIf(!hasEspeak).each([
    ['en', 'Welcome Ada, have a nice day!'],
    ['zh-TW', '歡迎王小明，祝您有美好的一天！'],
    ['zh-TW', '歡迎 Ada 和王小明，祝各位有美好的一天！'],
  ] as const)('the real voice for %s makes a whole WAV file once: %s', async (language, text) => {
    const espeak = stage.program('espeak', 'echo run >> "$stage/runs"; exec espeak-ng "$@"');
    start({ espeak, aplay: stage.aplay() });
    speaker.say(text, language);
    await played(1);
    speaker.say(text, language);
    await played(2);
    expect(stage.lines('runs')).toEqual(['run']);
    const [file = '', ...others] = readdirSync(stage.cacheFolder);
    expect(others).toEqual([]);
    const wav = readFileSync(join(stage.cacheFolder, file));
    expect(wavSeconds(wav, wav.length)).toBeGreaterThan(1);
    expect(logged).toEqual([]);
  });

  test('text goes through standard input, where it cannot be an option or a command', async () => {
    start({ espeak: stage.espeak(), aplay: stage.aplay() }, 'plughw:CARD=Device,DEV=0');
    speaker.say('--help $(touch "$stage/pwned") `id`; -w /tmp/x', 'en');
    await played(1);
    expect(stage.lines('espeak.args')).toEqual([
      expect.stringMatching(/^-v en -s 160 -a 80 -b 1 -w \S+\/[0-9a-f]{64}\.tmp --stdin$/),
    ]);
    expect(stage.lines('aplay.args')).toEqual([
      expect.stringMatching(/^-q -D plughw:CARD=Device,DEV=0 \S+\/[0-9a-f]{64}\.wav$/),
    ]);
    expect(existsSync(join(stage.folder, 'pwned'))).toBe(false);
  });

  test('a missing sound card is logged once, and greetings are skipped', async () => {
    const aplay = stage.program('aplay', 'echo try >> "$stage/aplay.files"; exec aplay "$@"');
    start({ espeak: stage.espeak(), aplay }, 'no_such_sound_card');
    for (const [index, name] of ['Ada', 'Grace', 'Alan'].entries()) {
      speaker.say(`Welcome ${name}`, 'en');
      await played(index + 1);
    }
    await until(() => expect(logged).toHaveLength(1));
    expect(logged[0]).toMatch(/^greetings are not heard: .*aplay failed \(\d+\): /);
    expect(logged[0]).not.toContain('Ada');
  });

  test('a missing espeak-ng is logged once', async () => {
    start({ espeak: join(stage.folder, 'no-espeak'), aplay: stage.aplay() });
    speaker.say('Welcome Ada', 'en');
    await until(() => expect(logged).toEqual([expect.stringMatching(/no-espeak is not installed/)]));
  });

  test('sound that works again is logged, and so is the next failure', async () => {
    const aplay = stage.program('aplay', 'echo x >> "$stage/aplay.files"; test ! -e "$stage/unplugged"');
    start({ espeak: stage.espeak(), aplay });
    for (const [index, unplugged] of [true, false, true].entries()) {
      if (unplugged) writeFileSync(join(stage.folder, 'unplugged'), '');
      else rmSync(join(stage.folder, 'unplugged'));
      speaker.say('Welcome Ada', 'en');
      await until(() => expect(logged).toHaveLength(index + 1));
    }
    expect(logged.map((line) => line.split(':')[0])).toEqual([
      'greetings are not heard',
      'greetings are heard again',
      'greetings are not heard',
    ]);
  });

  test('closing cuts off a player that hangs', async () => {
    const aplay = stage.program('aplay', 'echo $$ >> "$stage/aplay.files"; exec sleep 600');
    start({ espeak: stage.espeak(), aplay });
    speaker.say('Welcome Ada', 'en');
    await played(1);
    await speaker.close();
    const pid = Number(stage.lines('aplay.files')[0]);
    await until(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    expect(logged).toEqual([]);
  });
});

describe('a child', () => {
  const child = (args: readonly string[], limitMs = 20_000, input = '') =>
    runChild({ program: 'sh', args: ['-c', ...args], input, limitMs, signal: new AbortController().signal });

  test('that takes too long is killed', async () => {
    await expect(child(['exec sleep 600'], 20)).rejects.toThrow('sh took too long and was killed');
  });

  test('that fails is quoted in the error with its last line only', async () => {
    await expect(child(['echo first >&2; echo last >&2; exit 3'])).rejects.toThrow(/^sh failed \(3\): last$/);
  });

  test('that does not read its input causes no error', async () => {
    await expect(child(['exec true'], 20_000, 'x'.repeat(1_000_000))).resolves.toBeUndefined();
  });

  test('that prints without end is stopped', async () => {
    await expect(child(['exec yes'])).rejects.toThrow(/^sh failed/);
  });
});
