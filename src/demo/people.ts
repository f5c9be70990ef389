// pure
/** A face on one of the sample photos, in pixels of the photo. */
export interface Likeness {
  readonly photo: string;
  readonly centre: readonly [number, number];
  /** From brow to chin. */
  readonly height: number;
  /** Degrees to turn the photo so that the head stands upright. */
  readonly turn: number;
}

/** Whom the demo enrols by the photo where she smiles into the camera. */
export const ADA: Likeness = { photo: 'sample3.jpg', centre: [1186, 350], height: 313, turn: 8 };
/** The same woman on another evening, alone on the photo, laughing with her head thrown to the side. */
export const ADA_PRINTED: Likeness = { photo: 'sample1.jpg', centre: [1572, 321], height: 250, turn: 40 };
/** From the same photo; her head leans to its other side a little, as people's do. */
export const ADA_ANOTHER_DAY: Likeness = { ...ADA_PRINTED, turn: 50 };
export const GRACE: Likeness = { photo: 'sample6.jpg', centre: [1590, 409], height: 296, turn: 3 };
export const STRANGER_ON_THE_STAIRS: Likeness = { photo: 'sample5.jpg', centre: [462, 1028], height: 278, turn: 0 };
export const STRANGER_AT_THE_WALL: Likeness = { photo: 'sample5.jpg', centre: [1502, 521], height: 278, turn: 0 };

/** Who is enrolled, each from one photo. */
export const ENROLLED: readonly { readonly name: string; readonly likeness: Likeness }[] = [
  { name: 'Ada', likeness: ADA },
  { name: 'Grace', likeness: GRACE },
];
