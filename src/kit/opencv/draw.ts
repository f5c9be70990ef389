import { native, opencv } from './binding.js';
import { clampRegion, type Picture, type Region } from './picture.js';

/** A box with a label on a picture. OpenCV's font is ASCII only; other characters are drawn as "?". */
export interface Mark {
  readonly box: Region;
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'neutral';
}

const COLOURS = { good: [90, 220, 90], bad: [90, 90, 255], neutral: [200, 200, 200] } as const;
const LINE_PX = 20;
/** Mean width of a letter of the font at the scale used. */
const LETTER_PX = 9;

/** A hidden face is shown as this many squares each way. Its box is enlarged by `grow`, because hair and chin help to recognise it. */
const HIDDEN = { squares: 6, grow: 1.4 };

/** Makes faces unrecognisable, on the picture itself: each becomes {@link HIDDEN}.squares² mean colours. */
export function hideFaces(picture: Picture, boxes: readonly Region[]): void {
  const { Rect, INTER_AREA, INTER_NEAREST } = opencv();
  for (const { x, y, width, height } of boxes) {
    const margin = (HIDDEN.grow - 1) / 2;
    const grown = {
      x: x - width * margin,
      y: y - height * margin,
      width: width * HIDDEN.grow,
      height: height * HIDDEN.grow,
    };
    const region = clampRegion(grown, picture.width, picture.height);
    if (!region) continue;
    native('hideFaces', () => {
      // The region shares its bytes with the picture.
      const face = picture.mat.getRegion(new Rect(region.x, region.y, region.width, region.height));
      const few = face.resize(HIDDEN.squares, HIDDEN.squares, 0, 0, INTER_AREA);
      few.resize(region.height, region.width, 0, 0, INTER_NEAREST).copyTo(face);
    });
  }
}

/** Draws marks on the picture itself. */
export function drawMarks(picture: Picture, marks: readonly Mark[]): void {
  const cv = opencv();
  for (const { box, text, tone } of marks) {
    const [b, g, r] = COLOURS[tone];
    const colour = new cv.Vec3(b, g, r);
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(Math.round) as [
      number,
      number,
      number,
      number,
    ];
    native('drawRectangle', () => picture.mat.drawRectangle(new cv.Rect(x, y, width, height), colour, 2, cv.LINE_AA));
    const lines = text.replace(/[^\x20-\x7e\n]/g, '?').split('\n');
    lines.forEach((line, i) => {
      const below = y + height + LINE_PX * (lines.length + 1) < picture.height;
      const baseline = below
        ? y + height + LINE_PX * (i + 1)
        : Math.max(LINE_PX, y - 6 - LINE_PX * (lines.length - 1 - i));
      const at = new cv.Point2(Math.max(2, x), baseline);
      // A dark strip keeps the label readable on any background.
      const strip = new cv.Rect(at.x - 2, baseline - LINE_PX + 4, line.length * LETTER_PX + 4, LINE_PX);
      native('drawRectangle', () => picture.mat.drawRectangle(strip, new cv.Vec3(30, 30, 30), -1));
      native('putText', () => picture.mat.putText(line, at, cv.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv.LINE_AA, 0));
    });
  }
}
