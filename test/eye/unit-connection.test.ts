import { existsSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EyeEvents } from '../../src/eye/eye-process.js';
import type { FromEye } from '../../src/eye/protocol.js';
import { UnitEye } from '../../src/eye/unit-connection.js';
import { encodeMessage, MessageReader } from '../../src/kit/framing.js';
import { tempFolder } from '../store/sample.js';

/** In place of systemd: gives each connection to `eye`. */
async function unit(eye: (connection: Socket) => void): Promise<string> {
  const path = join(await tempFolder(), 'kaimon-eye.sock');
  const server: Server = createServer(eye);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return path;
}

/** Connects; each promise settles with the first event of its kind. */
function connected(path: string) {
  const eventful = <T>() => {
    let settle: (value: T) => void = () => undefined;
    const first = new Promise<T>((resolve) => {
      settle = resolve;
    });
    return { first, settle };
  };
  const [message, invalid, exit] = [eventful<FromEye>(), eventful<string>(), eventful<string>()];
  const events: EyeEvents = {
    onMessage: message.settle,
    onInvalid: invalid.settle,
    onOutput: () => undefined,
    onExit: exit.settle,
  };
  const eye = new UnitEye(events, path);
  onTestFinished(() => eye.kill());
  return { eye, message: message.first, invalid: invalid.first, exit: exit.first };
}

describe('an eye in a unit of its own', () => {
  test('requests and photos reach it, its answers come back', async () => {
    const path = await unit((connection) => {
      const reader = new MessageReader();
      connection.on('data', (chunk: Buffer) => {
        for (const { blob } of reader.feed(chunk))
          connection.write(encodeMessage({ kind: 'fault', code: 'x', message: `${blob.length} bytes` }));
      });
    });
    const { eye, message } = connected(path);
    expect(eye.send({ kind: 'photo', id: 1, turn: true }, Buffer.alloc(5_000_000))).toBe(true);
    expect(await message).toMatchObject({ message: '5000000 bytes' });
    expect(eye.pid).toBeUndefined();
  });

  test('one that ends is reported', async () => {
    const path = await unit((connection) => connection.destroy());
    expect(await connected(path).exit).toContain('it ended, or was ended');
  });

  test('one that sends anything else is rejected', async () => {
    const path = await unit((connection) => connection.write(encodeMessage({ kind: 'surprise' })));
    expect(await connected(path).invalid).toContain('an invalid message');
  });

  test('ends with the connection, which is all that the gate can and must do to it', async () => {
    let closed: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const path = await unit((connection) => {
      connection.on('close', closed).on('error', () => undefined);
      connection.write(encodeMessage({ kind: 'ready', encoder: 'small' }));
    });
    const { eye, message } = connected(path);
    await message;
    eye.kill();
    await end;
  });

  test('without its socket the reason says what to install', async () => {
    const path = join(await tempFolder(), 'nothing.sock');
    expect(existsSync(path)).toBe(false);
    const why = await connected(path).exit;
    expect(why).toContain('ENOENT');
    expect(why).toContain('kaimon-eye.socket');
  });
});
