import { expect, test } from 'vitest';
import { closeAll, closeEach, endInOrder } from '../../src/kit/closing.js';

const parts = (closed: string[]) => [
  { close: () => void closed.push('first') },
  {
    close() {
      throw new Error('EIO');
    },
  },
  { close: () => void closed.push('last') },
];

test('one part that does not close keeps no other open, and is reported', () => {
  const closed: string[] = [];
  expect(closeAll(parts(closed))).toEqual(['EIO']);
  expect(() => closeEach(parts(closed))).toThrow('EIO');
  expect(closed).toEqual(['first', 'last', 'first', 'last']);
});

test('endings follow one another, each waits for the one before, and all that failed is reported at the end', async () => {
  const said: string[] = [];
  const ending = endInOrder([
    ['the site', async () => void said.push('site')],
    ['the journal', () => Promise.reject(new Error('the disk is full'))],
    ['the door', () => void said.push('door')],
    [
      'the store',
      () => {
        throw new Error('EIO');
      },
    ],
  ]);
  await expect(ending).rejects.toThrow('the journal: the disk is full; the store: EIO');
  expect(said).toEqual(['site', 'door']);
});
