import type { Client, Notification } from 'pg';
import { after, second } from '../platform/time.ts';

/** What the processes of one sandbox tell each other. */
export type Channel = 'due' | 'live' | 'watched';

/**
 * Short messages to the other processes of the same sandbox, at most once: whoever relies on one looks by itself as
 * well. A process hears its own messages too.
 */
export interface Bus {
  /** Nobody waits for it, and it never fails. */
  publish(channel: Channel, message: string): void;
  listen(channel: Channel, listener: (message: string) => void): void;
  close(): Promise<void>;
}

/** The Redis of the settings cannot be used; `cause` says why. */
export class RedisNotReached extends Error {}

/** Bytes that a message may have; PostgreSQL takes less than 8 000. */
export const maxMessage = 7_500;

/** A sandbox that is one process has nobody to tell. */
export const silentBus: Bus = { publish: () => {}, listen: () => {}, close: async () => {} };

export function createListeners() {
  const listeners = new Map<string, ((message: string) => void)[]>();
  return {
    add: (channel: Channel, listener: (message: string) => void) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    },
    tell: (channel: string, message: string) => {
      for (const listener of listeners.get(channel) ?? []) listener(message);
    },
  };
}

const channels: readonly Channel[] = ['due', 'live', 'watched'];
const prefix = 'osigu_';

/** LISTEN and NOTIFY on a connection of its own, which is made again when it breaks. */
export async function postgresBus(url: string): Promise<Bus> {
  const { default: pg } = await import('pg');
  const listeners = createListeners();
  let client: Client | undefined;
  let closed = false;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      application_name: 'osigu-sandbox bus',
    });
    fresh.on('error', () => {});
    fresh.on('end', reconnectSoon);
    fresh.on('notification', ({ channel, payload }: Notification) =>
      listeners.tell(channel.slice(prefix.length), payload ?? ''),
    );
    await fresh.connect();
    await fresh.query(channels.map((channel) => `listen ${prefix}${channel}`).join('; '));
    if (closed) await fresh.end();
    else client = fresh;
  }

  function reconnectSoon(): void {
    client = undefined;
    // Meanwhile everybody looks by itself.
    if (!closed) after(second, () => void connect().catch(reconnectSoon));
  }

  await connect();
  return {
    publish: (channel, message) => {
      client?.query('select pg_notify($1, $2)', [`${prefix}${channel}`, message]).catch(() => undefined);
    },
    listen: listeners.add,
    close: async () => {
      closed = true;
      await client?.end().catch(() => undefined);
    },
  };
}
