import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { opencv } from '../kit/opencv/binding.js';
import { VERSION } from '../kit/version.js';

/** Where and when figures were taken. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly linux: string;
  readonly arch: string;
  readonly node: string;
  readonly openCv: string;
  readonly onnxRuntime: string;
  readonly kaimon: string;
  readonly date: string;
}

/** The load of the last minute: above 1 other jobs took their share. */
export const load = (): number => loadavg()[0] ?? 0;

/** Call it after OpenCV was loaded. */
export function describeMachine(): Machine {
  const { major, minor, revision } = opencv().version;
  const onnx = createRequire(import.meta.url)('onnxruntime-node/package.json') as { readonly version: string };
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    linux: release(),
    arch: process.arch,
    node: process.version,
    openCv: `${major}.${minor}.${revision}`,
    onnxRuntime: onnx.version,
    kaimon: VERSION,
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
  };
}
