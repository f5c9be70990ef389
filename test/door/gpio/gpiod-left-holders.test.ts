import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { LeftHolders } from '../../../src/door/gpio/gpiod-left-holders.js';

test('a note that cannot be removed keeps no relay from moving', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-left-'));
  // What no removal of a file removes.
  mkdirSync(join(folder, 'held-gpiochip0-17', 'in the way'), { recursive: true });
  const warn = vi.fn();
  new LeftHolders(folder, { warn }).forget({ chip: 'gpiochip0', label: 'test', offset: 17, number: null });
  expect(warn).toHaveBeenCalledOnce();
});
