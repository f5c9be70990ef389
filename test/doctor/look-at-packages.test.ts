import { expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { lookAtPackages } from '../../src/doctor/look-at-packages.js';

test('a package that is only slow is not called broken', async () => {
  const { findings } = await lookAtPackages(
    { ...defaultConfig, greeting: { ...defaultConfig.greeting, speak: false } },
    1,
  );
  const late = findings.filter(({ result }) => result !== 'ok');
  expect(late.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^OpenCV cannot be used: it did not answer within 0.001 s/),
    expect.stringMatching(/^ONNX Runtime cannot be used: it did not answer within 0.001 s/),
    expect.stringMatching(/^unix-dgram cannot be used: it did not answer within 0.001 s/),
  ]);
  for (const { advice } of late) expect(advice).toMatch(/^is the machine very busy/);
});
