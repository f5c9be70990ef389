// pure
/** What somebody has ordered, or the schedule asks for: as granted, nobody by face or request, or open for all. Fire is above all modes. */
export const DOOR_MODES = ['normal', 'locked', 'open-house'] as const;
export type DoorMode = (typeof DOOR_MODES)[number];
