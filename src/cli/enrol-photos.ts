import type { Enrolled, Enrolment, EnrolmentData, MeasuredPerson } from '../gate/enrolment.js';
import { OperatingError } from '../kit/errors.js';
import type { PhotoEye } from '../models/photo-eye.js';

interface Given {
  readonly eye: Pick<PhotoEye, 'measure'>;
  readonly enrolment: Enrolment;
  readonly images: readonly string[];
  readonly data: EnrolmentData;
  readonly by: string;
  /** Photos that cannot be used are left out; otherwise one of them is enough and nobody is enrolled. */
  readonly skipBad: boolean;
}

interface BadPhoto {
  readonly image: string;
  readonly code: string;
  readonly message: string;
}

export interface EnrolledPhotos extends Enrolled {
  readonly skipped: readonly BadPhoto[];
  /** Photos that stood on their head or side. */
  readonly turned: readonly { readonly image: string; readonly degrees: number }[];
}

/**
 * Enrols one person from several photos in one step: either all are taken (or left out by name), or nothing is changed and every photo that
 * cannot be used is named.
 * @throws OperatingError of trouble `input`, or where it could not be saved; EnrolmentRefused
 */
export async function enrolPhotos({ eye, enrolment, images, data, by, skipBad }: Given): Promise<EnrolledPhotos> {
  const bad: BadPhoto[] = [];
  const measured: { readonly image: string; readonly photo: MeasuredPerson }[] = [];
  for (const image of images) {
    try {
      measured.push({ image, photo: await eye.measure(image) });
    } catch (thrown) {
      if (!(thrown instanceof OperatingError && thrown.trouble === 'input')) throw thrown;
      if (images.length === 1) throw thrown;
      bad.push({ image, code: thrown.code, message: thrown.message });
    }
  }
  const judged = enrolment.judge(
    measured.map(({ photo }) => photo),
    data,
  );
  const nameOf = (at: number) => measured[at]?.image ?? '';
  bad.push(...judged.faults.map(({ photo, code, text }) => ({ image: nameOf(photo), code, message: text })));
  if (bad.length > 0 && (!skipBad || judged.good.length === 0)) throw refusal(bad, images, judged.good.length);
  const enrolled = await enrolment.take(judged, data, by);
  // This process ends: nobody would go on trying to save it.
  if (enrolled.unsaved) throw enrolled.unsaved;
  const out = new Set(bad.map(({ image }) => image));
  const turned = measured.flatMap(({ image, photo: { turned: degrees } }) =>
    degrees && !out.has(image) ? [{ image, degrees }] : [],
  );
  return { ...enrolled, skipped: bad, turned };
}

function refusal(bad: readonly BadPhoto[], images: readonly string[], good: number): OperatingError {
  const [first] = bad;
  const lines = bad.map(({ image, message }) => (message.includes(image) ? message : `${image}: ${message}`));
  const advice =
    good > 0
      ? `\n${good === 1 ? 'The other one is good' : `The other ${good} are good`}: leave these out, or give --skip-bad`
      : '';
  const message =
    images.length === 1
      ? `the photo was not taken: ${first?.message}`
      : `nothing was changed: ${bad.length} of ${images.length} photos cannot be used\n  ${lines.join('\n  ')}${advice}`;
  return new OperatingError(
    'KAIMON_ENROLMENT',
    message,
    first?.code.startsWith('KAIMON_') ? {} : { reason: first?.code ?? '' },
  );
}
