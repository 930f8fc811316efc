import { type EventType, eventTypes, type Replay, type ReplayRequest } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { rejectIssues } from '../../platform/errors.ts';
import { newRowId } from '../../platform/ids.ts';
import { parseTimestamp } from '../../platform/time.ts';
import { enqueueAll } from '../enqueue.ts';
import { matchesAny } from '../patterns.ts';
import { countIn, type Position, positionsIn, type Ranges } from '../ranges.ts';
import type { ReadContext } from '../read-context.ts';
import { requireSubscription } from './lookup.ts';
import { maxReplayed, periodIssues, subscriptionIssues } from './rules.ts';
import {
  findSubscription,
  holdEvents,
  type ReplayedEvent,
  rowsAtOnce,
  selectFailed,
  selectReplayed,
} from './store.ts';

/** The due work of replaying what else a call asked for; its subject says what that is. */
export const replayKind = 'webhook.replay';

/** What of a replay is still to be done. */
interface Rest {
  readonly subscription_id: string;
  readonly types: readonly EventType[];
  readonly only_failed: boolean;
  readonly after: Position;
  readonly to: number;
}

export interface Replaying {
  readonly answer: Static<typeof Replay>;
  readonly rest: Rest;
}

/** What a call is about to replay, counted: before its transaction, which others wait for. Throws 404 and 422. */
export async function admitReplay(
  context: ReadContext,
  subscription_id: string,
  input: Static<typeof ReplayRequest>,
): Promise<Replaying> {
  const subscription = await requireSubscription(context, subscription_id);
  const { from, to, only_failed = false, dry_run = false } = input;
  const event_types = input.event_types ?? (JSON.parse(subscription.event_types) as string[]);
  rejectIssues([...subscriptionIssues({ event_types }, { profile: 'local' }), ...periodIssues(input)]);
  const rest: Rest = {
    subscription_id,
    types: eventTypes.filter((type) => matchesAny(event_types, type)),
    only_failed,
    after: { created_at: parseTimestamp(from), id: '' },
    // What is recorded from now on is delivered anyway.
    to: Math.min(parseTimestamp(to), context.now),
  };
  const events = await countEvents(context, rest);
  const deliveries = dry_run ? 0 : events;
  return {
    answer: { subscription_id, from, to, event_types, only_failed, dry_run, events, deliveries },
    rest,
  };
}

async function countEvents(context: ReadContext, rest: Rest): Promise<number> {
  const inPeriod = await countIn(context.db, eventsOf(context, rest), maxReplayed + 1);
  const message = `there are more than ${maxReplayed} events from here on: ask for one period after the other`;
  rejectIssues(inPeriod > maxReplayed ? [{ path: 'from', message }] : []);
  let matching = 0;
  for (let after: Position | undefined = rest.after; after !== undefined; ) {
    const portion = await nextPortion(context, { ...rest, after });
    matching += portion.events.length;
    after = portion.last;
  }
  return matching;
}

/**
 * New deliveries of events that were recorded before, oldest first: the first of them in this transaction, the others
 * as work that is due now. Events from before the subscription existed are replayed too, unless only failed ones are.
 */
export async function replay(uow: UnitOfWork, { answer, rest }: Replaying): Promise<Static<typeof Replay>> {
  await requireSubscription(uow, rest.subscription_id);
  if (!answer.dry_run) await replayPortion(uow, rest);
  return answer;
}

async function replayPortion(uow: UnitOfWork, rest: Rest): Promise<void> {
  const { provider_id } = uow.provider;
  const [subscription] = await findSubscription(uow.db, { ...rest, provider_id });
  if (subscription === undefined) return;
  const { events, last } = await nextPortion(uow, rest);
  await enqueueAll(uow, await stillThere(uow, events), subscription);
  if (last === undefined) return;
  await uow.schedule({
    kind: replayKind,
    // Two replays of the same are two.
    subject_id: JSON.stringify({ ...rest, after: last, id: newRowId() }),
    due_at: uow.now,
  });
}

/** Old ones are removed beside this. */
async function stillThere(
  { db }: UnitOfWork,
  events: readonly ReplayedEvent[],
): Promise<readonly ReplayedEvent[]> {
  const event_ids = JSON.stringify(events.map(({ event_id }) => event_id));
  const held = new Set((await holdEvents(db, { event_ids })).map(({ event_id }) => event_id));
  return events.filter(({ event_id }) => held.has(event_id));
}

export const replayWork: DueHandler = {
  effect: (uow, { subject_id }) => replayPortion(uow, JSON.parse(subject_id) as Rest),
};

interface Portion {
  readonly events: readonly ReplayedEvent[];
  /** Undefined when there are no more. */
  readonly last: Position | undefined;
}

async function nextPortion(context: ReadContext, rest: Rest): Promise<Portion> {
  const { db } = context;
  const part = { order: 'asc', limit: rowsAtOnce, offset: 0 } as const;
  const positions = await positionsIn(db, eventsOf(context, rest), part);
  const last = positions[rowsAtOnce - 1];
  const ids = JSON.stringify(positions.map(({ id }) => id));
  const events = await selectReplayed(db, { event_ids: ids, types: JSON.stringify(rest.types) });
  if (!rest.only_failed) return { events, last };
  const { subscription_id } = rest;
  const failed = new Set(
    (await selectFailed(db, { event_ids: ids, subscription_id })).map(({ event_id }) => event_id),
  );
  return { events: events.filter(({ event_id }) => failed.has(event_id)), last };
}

function eventsOf({ provider }: ReadContext, { after, to }: Rest): Ranges {
  const equal = { provider_id: [provider.provider_id] };
  return { table: 'events', id: 'event_id', equal, after, to };
}
