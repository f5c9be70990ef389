import { refusePending } from '../backup/pending.js';
import { isClockTrusted } from '../clock-trust/trusted-now.js';
import { OperatingError } from '../kit/errors.js';
import { systemClock } from '../kit/system-clock.js';
import type { ModelSet } from '../models/model-set.js';
import { Gallery } from '../person/gallery.js';
import type { Person } from '../person/person.js';
import { PeopleStore } from '../store/people-store.js';
import { readPeople } from '../store/read-people.js';
import type { Context } from './context.js';

/** The people without the right to change them; a running daemon is not disturbed. */
export async function readStoredPeople({ peopleFile, vault, log }: Context, encoder: string): Promise<Person[]> {
  const document = await readPeople({ file: peopleFile, encoder, vault, clock: systemClock, log });
  return [...document.people.values()];
}

export function galleryOf(people: Iterable<Person>, { encoder, dimension }: ModelSet): Gallery {
  const gallery = new Gallery(encoder, dimension);
  for (const person of people) gallery.set(person);
  return gallery;
}

/** Opens the store for writing, does `act`, saves and closes. Refused while a daemon has it, or a restore is not finished. */
export async function withStore<T>(
  context: Context,
  encoder: string,
  act: (store: PeopleStore) => Promise<T>,
  { acceptOtherEncoder = false } = {},
): Promise<T> {
  const { peopleFile: file, vault, log, config } = context;
  let store: PeopleStore;
  await refusePending(context.paths.state);
  try {
    store = await PeopleStore.open({
      file,
      encoder,
      gate: config.gate,
      vault,
      clock: systemClock,
      log,
      acceptOtherEncoder,
    });
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_PEOPLE_LOCKED')
      throw new OperatingError(
        thrown.code,
        `${thrown.message}. With a running daemon, change people by its MQTT requests (docs/mqtt.md)`,
        { cause: thrown },
      );
    throw thrown;
  }
  try {
    // Again, now that the people are locked and no restore can begin.
    await refusePending(context.paths.state);
    store.judgeBy({ trusted: await isClockTrusted(config.access.clock, context.paths.state, systemClock) });
    return await act(store);
  } finally {
    await store.close();
  }
}

/** A person by id, or by name. @throws OperatingError of trouble `usage` where several have that name */
export function personNamed(people: readonly Person[], wanted: string): Person | undefined {
  const byId = people.find(({ id }) => id === wanted);
  if (byId) return byId;
  const byName = people.filter(({ name }) => name === wanted.normalize('NFC'));
  if (byName.length <= 1) return byName[0];
  const ids = byName.map(({ id }) => id).join(', ');
  throw unknownPerson(`${byName.length} people are called "${wanted}": give one of the ids ${ids}`);
}

/** A person by id, or by name where that is unique. @throws OperatingError of trouble `usage` naming what is known */
export function findPerson(people: readonly Person[], wanted: string): Person {
  const person = personNamed(people, wanted);
  if (!person) throw unknownPerson(`nobody is enrolled as "${wanted}": see "kaimon people list"`);
  return person;
}

export const unknownPerson = (trouble: string) => new OperatingError('KAIMON_PERSON_UNKNOWN', trouble);
