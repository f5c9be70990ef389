// pure
/** What an eye may know of the environment: where programs and libraries are, and what tunes cameras and native libraries. */
const PASSED = /^(PATH|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|GST_\w+|LIBCAMERA_\w+|OPENCV\w*|OMP_\w+|HOME|XDG_CACHE_HOME)$/;

/**
 * The environment of an eye. Everything else stays with the gate: sockets of systemd and of sessions, the folder of
 * credentials, secrets that somebody put into a variable.
 */
export function eyeEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name))),
    ORT_DISABLE_TELEMETRY: '1',
    OPENCV4NODEJS_DISABLE_AUTOBUILD: '1',
    OPENCV_LOG_LEVEL: env['OPENCV_LOG_LEVEL'] ?? 'SILENT',
    // The eye's garbage is native: a small heap keeps V8 collecting it.
    NODE_OPTIONS: '--max-semi-space-size=2',
    // One arena, and free memory goes back to the system: decoder threads otherwise keep 25 MB of old frames for themselves.
    MALLOC_ARENA_MAX: '1',
    MALLOC_TRIM_THRESHOLD_: '131072',
  };
}
