// pure
import { cellsOf, type Mesh, type Texture } from './mesh.js';
import { type Posture, stands } from './person.js';
import { type Canvas, turned } from './space.js';

/** A flat thing that a hand holds to the camera: paper, or a telephone. Sizes in heights of the face it shows. */
export interface Sheet {
  readonly texture: Texture;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const POINTS = { columns: 33, rows: 25 } as const;

/** The cells of every sheet's mesh; a flat thing hides nothing of itself. */
export const SHEET_CELLS = cellsOf(POINTS);

/** How the camera sees a sheet that is turned around the face on it. */
export function sheetMesh(sheet: Sheet, { standing, turn }: Omit<Posture, 'lids'>, canvas: Canvas): Mesh {
  const { columns, rows } = POINTS;
  const count = columns * rows;
  const mesh = {
    columns,
    rows,
    x: new Float64Array(count),
    y: new Float64Array(count),
    u: new Float64Array(count),
    v: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const [across, down] = [(i % columns) / (columns - 1), Math.floor(i / columns) / (rows - 1)];
    const place = turned([sheet.left + across * sheet.width, sheet.top + down * sheet.height, 0], turn);
    [mesh.x[i], mesh.y[i]] = stands(place, standing, canvas);
    mesh.u[i] = across * (sheet.texture.width - 1);
    mesh.v[i] = down * (sheet.texture.height - 1);
  }
  return mesh;
}
