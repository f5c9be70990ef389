import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A whole WAV file with `bytes` bytes of silence, as espeak-ng writes it: 22,050 Hz, 16 bit, one channel. */
export function silence(bytes: number): Buffer {
  const wav = Buffer.alloc(44 + bytes);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + bytes, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(22_050, 24);
  wav.writeUInt32LE(44_100, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(bytes, 40);
  return wav;
}

/** A folder with stand-ins for programs, which note what they were asked for. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'kaimon-voice-'));
  readonly cacheFolder = join(this.folder, 'cache');

  constructor() {
    writeFileSync(join(this.folder, 'silence.wav'), silence(2000));
  }

  /** An executable shell script; `$stage` is the folder. */
  program(name: string, script: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, `#!/bin/sh\nstage='${this.folder}'\n${script}\n`, { mode: 0o755 });
    return path;
  }

  /** Notes its arguments, and which file holds which text; writes silence. */
  espeak(): string {
    return this.program(
      'espeak',
      `echo "$*" >> "$stage/espeak.args"
while [ $# -gt 0 ]; do [ "$1" = -w ] && out=$2; shift; done
text=$(cat); cp "$stage/silence.wav" "$out"
printf '%s\\t%s\\n' "$(basename "$out" .tmp)" "$text" >> "$stage/espeak.texts"`,
    );
  }

  /** Notes its arguments and the file that it was asked to play. */
  aplay(): string {
    return this.program(
      'aplay',
      'echo "$*" >> "$stage/aplay.args"; for file; do :; done; basename "$file" .wav >> "$stage/aplay.files"',
    );
  }

  lines(name: string): readonly string[] {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** The texts that were played, in order. */
  heard(): readonly string[] {
    const texts = new Map(this.lines('espeak.texts').map((line) => line.split('\t') as [string, string]));
    return this.lines('aplay.files').map((key) => texts.get(key) ?? `not made here: ${key}`);
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a program is installed; says so once when it is not. */
export function installed(program: string, option = '--version'): boolean {
  const found = spawnSync(program, [option]).error === undefined;
  if (!found) console.info(`${program} is not installed: the tests that need it are skipped`);
  return found;
}
