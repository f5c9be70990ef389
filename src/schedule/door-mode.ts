// pure
/**
 * What an order or the schedule asks of the door. `normal`: it opens for those who are granted; `locked`: for no face and no request;
 * `open-house`: it is open for all. A fire releases the door in every mode.
 */
export const DOOR_MODES = ['normal', 'locked', 'open-house'] as const;
export type DoorMode = (typeof DOOR_MODES)[number];
