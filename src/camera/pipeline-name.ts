// pure
/**
 * A GStreamer pipeline as it may stand in logs, journal and state: without the password of a network camera.
 * Masks what stands between `://` and `@`, and the values of properties with the name of a secret.
 */
export const pipelineName = (pipeline: string): string =>
  pipeline
    .replace(/:\/\/[^\s"'/]*@/g, '://…@')
    .replace(/\b([\w-]*(?:pw|pass|password|secret|token|key)[\w-]*\s*=\s*)("[^"]*"|'[^']*'|\S+)/gi, '$1…');
