/** A format as it might be after the newest one. */
export const nextOf = (format) => ({ ...format, steps: [...format.steps, (document) => document] });
