// pure
import type { Person } from '../../person/person.js';

/** A person as an evaluation enrols them: no groups, no dates, always allowed in. */
export const evaluationPerson = (id: string, templates: Person['templates']): Person => ({
  id,
  name: id,
  language: null,
  greeting: null,
  groups: [],
  validFrom: null,
  validUntil: null,
  templates,
  version: '',
  by: 'evaluation',
});
