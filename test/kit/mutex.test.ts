import { describe, expect, test } from 'vitest';
import { Mutex } from '../../src/kit/mutex.js';

describe('one at a time', () => {
  test('tasks run one after the other, in the order of arrival', async () => {
    const mutex = new Mutex();
    const story: string[] = [];
    const task = (name: string) => async () => {
      story.push(`${name} begins`);
      await Promise.resolve();
      await Promise.resolve();
      story.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all(['a', 'b', 'c'].map((name) => mutex.run(task(name))))).toEqual(['a', 'b', 'c']);
    expect(story).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  test('a task that fails rejects its caller and lets the next one run', async () => {
    const mutex = new Mutex();
    const failed = mutex.run(() => Promise.reject(new Error('broken')));
    const after = mutex.run(async () => 'well');
    await expect(failed).rejects.toThrow('broken');
    expect(await after).toBe('well');
  });
});
