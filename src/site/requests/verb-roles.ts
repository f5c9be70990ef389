// pure
import type { Role } from '../../keys/trust-list.js';
import type { Verb } from './verbs.js';

/** Who may ask for what; `admin` may ask for everything. */
const ROLES_OF: { readonly [V in Verb]: readonly Role[] } = {
  enroll: ['enrol'],
  remove: ['remove'],
  people: ['read'],
  forgive: ['open'],
  open: ['open'],
  lock: ['open'],
  mode: ['open'],
  snapshot: ['read'],
  verify: ['read'],
  resync: ['read'],
  journal: ['read'],
  ping: ['enrol', 'open', 'remove', 'read', 'gate'],
};

/** The roles of which one is needed for a verb. One that is not known is refused later, for what it is. */
export const rolesOf = (verb: string): readonly Role[] =>
  Object.hasOwn(ROLES_OF, verb) ? [...ROLES_OF[verb as Verb], 'admin'] : ['admin'];
