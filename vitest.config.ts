import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The OpenCV binding may be loaded once per process only: threads would crash (packages.md of the binding).
    pool: 'forks',
    env: { ORT_DISABLE_TELEMETRY: '1', OPENCV4NODEJS_DISABLE_AUTOBUILD: '1', OPENCV_LOG_LEVEL: 'SILENT' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
