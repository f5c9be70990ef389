import type { MeasuredFace } from '../../face/observation.js';
import { OperatingError } from '../../kit/errors.js';
import { templateOf } from '../../person/enrolment-rules.js';
import { Gallery } from '../../person/gallery.js';
import type { EvaluationContext } from '../context.js';
import { evaluationPerson } from '../faces/evaluation-person.js';
import { readPresentations } from '../presentations.js';
import type { EnrolledPeople } from './approach-gallery.js';
import { showApproach } from './approach-gate.js';
import { approachesOf, type JudgedApproach } from './approaches.js';
import { type PlannedApproach, planSet, type SeenApproach } from './enrol-from-set.js';
import { type ApproachEye, type Measuring, openApproachEye, type ShownApproaches } from './show-approaches.js';

/** What came of a whole set, and who was enrolled meanwhile. */
export interface ShownSet {
  readonly enrolled: EnrolledPeople;
  readonly shown: ShownApproaches;
  /** Living approaches of which nothing can be said: nothing of the person is left to enrol, or to show. */
  readonly unshown: number;
}

/**
 * Shows a whole set of living faces and attacks to the gate, everybody enrolled by frames of the set: a living person by
 * another take, else by another second of the same one; the person of an attack by the best of their frames. Each living
 * approach is shown once more with its person taken out of the gallery, as a stranger's. Where frames are spoiled, those that
 * people are enrolled by are spoiled too: they are frames of the same measuring.
 * @throws OperatingError where the set or its files cannot be used, or networks are missing
 */
export async function showSet(context: EvaluationContext, folder: string, how: Measuring): Promise<ShownSet> {
  const approaches = approachesOf(readPresentations(folder));
  const kinds = [...new Set(approaches.map(({ kind }) => kind))].sort();
  if (!kinds.includes('live'))
    throw new OperatingError(
      'KAIMON_LIVENESS_SET',
      `${folder} holds ${kinds.join(', ')} and nobody alive: living people belong below live/, or have the label live in manifest.csv`,
    );
  const eye = await openApproachEye(context, how, true);
  const progress = context.startProgress('approaching', approaches.length);
  try {
    const seen: SeenApproach[] = [];
    for (const approach of approaches) {
      seen.push({ approach, frames: await eye.measure(approach, folder) });
      progress.step();
    }
    return show(eye, seen);
  } finally {
    progress.done();
    eye.stop();
  }
}

function show({ encoder, dimension, knowledge, replaced }: ApproachEye, seen: readonly SeenApproach[]): ShownSet {
  const plan = planSet(seen, knowledge.config.faces.quality);
  const gallery = new Gallery(encoder, dimension);
  const personBy = (id: string, face: MeasuredFace) => evaluationPerson(id, [templateOf(face, encoder, '')]);
  const people = new Map([...plan.people].map(([id, face]) => [id, personBy(id, face)]));
  for (const person of people.values()) gallery.set(person);
  const all = { ...knowledge, gallery, people };
  /** Shows an approach while its person is enrolled by another face, or not at all. */
  const meanwhile = ({ approach, frames }: SeenApproach, face: MeasuredFace | undefined): JudgedApproach => {
    const { person } = approach;
    if (face) gallery.set(personBy(person, face));
    else gallery.delete(person);
    const judged = showApproach(approach, frames, all);
    const usual = people.get(person);
    if (usual) gallery.set(usual);
    return judged;
  };
  const asEnrolled = (one: PlannedApproach) => meanwhile(one, one.enrolled);
  const groups = {
    probes: plan.living.map(asEnrolled),
    strangers: plan.living.map((one) => meanwhile(one, undefined)),
    attacks: plan.attacks.map(asEnrolled),
  };
  const living = new Set(seen.flatMap(({ approach }) => (approach.kind === 'live' ? [approach.person] : [])));
  return {
    enrolled: {
      gallery,
      people,
      photos: gallery.templates,
      refused: new Map(),
      failedToEnrol: [...living].filter((person) => !people.has(person)),
    },
    shown: { groups, knowledge: all, replaced: replaced() },
    unshown: plan.unshown,
  };
}
