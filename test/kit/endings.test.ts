import { expect, test } from 'vitest';
import { Endings } from '../../src/kit/endings.js';

const opened = async (endings: Endings, names: readonly string[], ended: string[], bad: readonly string[] = []) => {
  for (const name of names)
    await endings.open(
      name,
      () => name,
      (part) => {
        if (bad.includes(part)) throw new Error('stuck');
        ended.push(part);
      },
    );
};

test('what was opened last ends first, and only once', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['people', 'door', 'eye'], ended);
  await Promise.all([endings.close(), endings.close()]);
  await endings.close();
  expect(ended).toEqual(['eye', 'door', 'people']);
});

test('a part that cannot be opened has no ending, and its reason reaches whoever opens it', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['people'], ended);
  const refuses = () => Promise.reject(new Error('the line is busy'));
  await expect(endings.open('door', refuses, () => ended.push('door'))).rejects.toThrow('the line is busy');
  await endings.close();
  expect(ended).toEqual(['people']);
});

test('the newest can be ended alone; the others end later, and no part twice', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['door'], ended);
  const { count } = endings;
  await opened(endings, ['people', 'eye'], ended, ['eye']);
  await expect(endings.closeNewest(count)).rejects.toThrow('eye: stuck');
  expect([count, endings.count, ended]).toEqual([1, 1, ['people']]);
  await endings.close();
  expect(ended).toEqual(['people', 'door']);
});

test('one that does not end keeps no other from ending, and is named', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['people', 'door', 'eye'], ended, ['door']);
  await expect(endings.close()).rejects.toThrow('door: stuck');
  expect(ended).toEqual(['eye', 'people']);
});

test('each end is waited for before the next begins', async () => {
  const endings = new Endings();
  const steps: string[] = [];
  await opened(endings, ['journal'], steps);
  await endings.open(
    'reports',
    () => undefined,
    async () => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push('reports');
    },
  );
  await endings.close();
  expect(steps).toEqual(['reports', 'journal']);
});

test('what is opened while everything closes is closed again, and refused', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['door'], ended);
  let come = (): void => undefined;
  const late = endings.open(
    'eye',
    () => new Promise<string>((resolve) => (come = () => resolve('eye'))),
    (part) => ended.push(part),
  );
  await endings.close();
  come();
  await expect(late).rejects.toThrow('eye: opened while everything was closing');
  expect(ended).toEqual(['door', 'eye']);
  const never = endings.open(
    'voice',
    () => ended.push('voice opened'),
    () => ended.push('voice'),
  );
  await expect(never).rejects.toThrow('voice: not opened, as everything is closing');
  expect(ended).toEqual(['door', 'eye']);
});

test('what comes first comes before every part, also in a start that is stopped half-way, and not when only the newest end', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['door'], ended);
  endings.first('the lock', () => ended.push('locked'));
  const { count } = endings;
  await opened(endings, ['people'], ended);
  await endings.closeNewest(count);
  expect(ended).toEqual(['people']);
  await opened(endings, ['journal'], ended);
  const closing = endings.close();
  // In this very turn: whatever the other parts wait for.
  expect(ended).toEqual(['people', 'locked']);
  await closing;
  expect(ended).toEqual(['people', 'locked', 'journal', 'door']);
});

test('what saves ends after all that was opened later than the first that saves, and before all that was opened earlier', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  await opened(endings, ['door'], ended);
  const saver = (name: string) =>
    endings.open(
      name,
      () => name,
      (part) => ended.push(part),
      { saves: true },
    );
  await saver('people');
  await opened(endings, ['broker'], ended);
  await saver('requests');
  await opened(endings, ['eye'], ended);
  await endings.close();
  expect(ended).toEqual(['eye', 'broker', 'requests', 'people', 'door']);
});
