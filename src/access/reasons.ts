// pure
/** Every reason for not opening, with one sentence for people. Log, journal, MQTT and demo use these and no others. */
export const REASONS = {
  'no-face': 'no face was found',
  'too-small': 'the face is too small: come nearer',
  'low-quality': 'the face cannot be judged: too dark, blurred, noisy or turned away',
  nobody: 'this face belongs to nobody who is enrolled',
  ambiguous: 'two people are equally likely: look straight into the camera; if it stays, enrol both with more photos',
  'not-enough-frames': 'the person was not seen clearly often enough',
  spoof: 'this looks like a picture or a screen',
  'liveness-unknown': 'it cannot be told whether this is a living person',
  'not-valid-yet': 'this person may enter from a later date on',
  expired: "this person's access has ended",
  'no-access-now': 'this person has no access at this time',
  passback: 'this person has gone this way already and has not come back',
  lockout: 'a picture was shown at this place a moment ago: wait a few seconds',
  'door-mode': 'the door is locked by its mode',
  'door-fault': 'the door is out of order',
  clock: 'the clock cannot be trusted',
  'several-faces': 'several people are in front of the camera: come one at a time',
  stale: 'what was seen is too old to act on: wait a moment; if it stays, this machine is too slow, see its state',
  cooldown: 'the door was opened for this person a moment ago',
  'model-fault': 'a model failed',
} as const;

export type Reason = keyof typeof REASONS;
