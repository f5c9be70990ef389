import type { Adapter } from 'lowdb';
import type { Clock } from '../kit/clock.js';
import type { LockedResource } from '../kit/files/writer-lock.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import type { Person } from '../person/person.js';
import type { PeopleDocument } from './people-document.js';

export interface PeopleStoreOptions {
  /** people.json; a missing folder is made (mode 0700). */
  readonly file: string;
  /** The encoder in use, `name@digest`; NO_ENCODER where it is not known. */
  readonly encoder: string;
  /** This gate's name: the versions made here end with it. */
  readonly gate: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How the people are kept on the disk. Default: plain. */
  readonly vault?: Vault | undefined;
  /** For `kaimon people reencode` only: opens a store that holds no template of `encoder`. */
  readonly acceptOtherEncoder?: boolean;
  /** Port: where the document is kept. Default: the file. */
  readonly storage?: Adapter<PeopleDocument>;
}

/** The people store, for its writer lock. */
export const PEOPLE_LOCK: LockedResource = {
  code: 'KAIMON_PEOPLE_LOCKED',
  name: 'people store',
  advice: 'stop the daemon, or send it the request over MQTT',
};

/** A person was added, changed or removed. */
export interface PeopleChange {
  readonly id: string;
  /** Undefined: removed. */
  readonly person: Person | undefined;
  /** The version and the author of the record; undefined where there is none, or where a gate of before did not say. */
  readonly version?: string | undefined;
  readonly by?: string | undefined;
  /** Whether somebody who was enrolled here is not any more. */
  readonly left?: boolean;
  /**
   * Asked for at this gate, told by another one, found in the file when that could be opened at last, or forgotten: a removal was kept long
   * enough, or a person was set aside with the store.
   */
  readonly origin: 'local' | 'site' | 'file' | 'forgotten';
}
