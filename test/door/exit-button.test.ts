import { expect, test } from 'vitest';
import { ExitButton } from '../../src/door/exit-button.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

function button(stuckMs = 60_000) {
  const clock = new ManualClock();
  const story: string[] = [];
  const told = {
    pressed: () => void story.push('pressed'),
    stuck: (active: boolean) => void story.push(active ? 'stuck' : 'free'),
  };
  const made = new ExitButton(clock, stuckMs, told);
  const problem = () => made.problems().join('; ');
  return { clock, story, button: made, problem };
}

test('one that is found pressed at the start opens nothing until it has been let go', () => {
  const { story, button: found, problem } = button();
  found.level(true);
  expect([story, problem()]).toEqual([[], expect.stringContaining('was found pressed')]);
  found.level(false);
  expect(problem()).toBe('');
  found.level(true);
  expect([story, problem()]).toEqual([['pressed'], '']);
});

test('one that is pressed when its wire comes back opens nothing either', () => {
  const { story, button: torn, problem } = button();
  torn.level(false);
  torn.lost();
  torn.level(true);
  expect([story, problem()]).toEqual([[], expect.stringContaining('was found pressed')]);
});

test('the same level again is no press', () => {
  const { story, button: one } = button();
  one.level(false);
  for (let n = 0; n < 3; n++) one.level(true);
  expect(story).toEqual(['pressed']);
});

test.each([
  ['pressed', false],
  ['found pressed', true],
])('%s for a minute it is stuck, until it is let go; the next press counts', (_how, found) => {
  const { clock, story, button: one, problem } = button();
  if (!found) one.level(false);
  one.level(true);
  clock.advance(59_999);
  expect(story.includes('stuck')).toBe(false);
  clock.advance(1);
  expect(problem()).toBe('the exit button is stuck: pressed for more than 60 s, it opens for nobody');
  one.level(false);
  expect(problem()).toBe('');
  one.level(true);
  expect(story).toEqual([...(found ? [] : ['pressed']), 'stuck', 'free', 'pressed']);
});

test('a stuck button whose wire is lost is not stuck any more', () => {
  const { clock, story, button: one, problem } = button();
  one.level(true);
  clock.advance(60_000);
  one.lost();
  clock.advance(600_000);
  expect([story, problem()]).toEqual([['stuck', 'free'], '']);
});

test('with a bound of 0 none is ever stuck, and a closed one tells nothing', () => {
  const never = button(0);
  never.button.level(false);
  never.button.level(true);
  never.clock.advance(3_600_000);
  expect(never.story).toEqual(['pressed']);
  const closed = button();
  closed.button.level(true);
  closed.button.close();
  closed.clock.advance(3_600_000);
  expect(closed.story).toEqual([]);
});
