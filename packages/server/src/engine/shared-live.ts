import { every, realNow, second } from '../platform/time.ts';
import { type Bus, maxMessage } from '../store/bus.ts';
import type { Live, LiveItem } from './live.ts';

/** A process that watches a provider says so this often, and is believed for three times as long. */
const sayEvery = 10 * second;
const believedFor = 3 * sayEvery;

/** Of a message, without what stands around it. */
const chunkSize = maxMessage - 500;

/**
 * Whoever watches at one process is told what happens at the others too, as far as their messages arrive. They send
 * nothing for a provider that nobody watches. `origin` is this process's own name.
 */
export function shareLive(live: Live, bus: Bus, origin: string): Live {
  const believedUntil = new Map<string, number>();
  const saying = new Map<string, { watchers: number; stop: () => void }>();
  const parts = new Map<string, string[]>();

  bus.listen('watched', (message) => {
    const [from, provider_id = ''] = message.split(' ');
    if (from !== origin) believedUntil.set(provider_id, realNow() + believedFor);
  });
  bus.listen('live', (message) => {
    const part = partOf(message);
    if (part === undefined || part.from === origin || !live.isWatched(part.provider_id)) return;
    const text = gather(parts, part);
    if (text !== undefined) live.publish(part.provider_id, JSON.parse(text) as LiveItem);
  });

  function isWatchedElsewhere(provider_id: string): boolean {
    const until = believedUntil.get(provider_id);
    if (until === undefined) return false;
    if (until > realNow()) return true;
    believedUntil.delete(provider_id);
    return false;
  }

  function say(provider_id: string): () => void {
    const tell = () => bus.publish('watched', `${origin} ${provider_id}`);
    const known = saying.get(provider_id);
    if (known === undefined) {
      tell();
      saying.set(provider_id, { watchers: 1, stop: every(sayEvery, tell) });
    } else known.watchers += 1;
    return () => {
      const current = saying.get(provider_id);
      if (current === undefined) return;
      current.watchers -= 1;
      if (current.watchers > 0) return;
      current.stop();
      saying.delete(provider_id);
    };
  }

  return {
    publish: (provider_id, item) => {
      live.publish(provider_id, item);
      if (!isWatchedElsewhere(provider_id)) return;
      for (const message of messagesOf(origin, provider_id, item)) bus.publish('live', message);
    },
    isWatched: (provider_id) => live.isWatched(provider_id) || isWatchedElsewhere(provider_id),
    watchers: live.watchers,
    watch: (provider_id, listener, since) => {
      const watch = live.watch(provider_id, listener, since);
      const stopSaying = say(provider_id);
      return {
        missed: watch.missed,
        end: () => {
          stopSaying();
          watch.end();
        },
      };
    },
  };
}

interface Part {
  readonly from: string;
  readonly provider_id: string;
  readonly id: string;
  readonly index: number;
  readonly total: number;
  readonly text: string;
}

/** A long item goes in several messages, which arrive in order. In ASCII, so that characters are bytes. */
function messagesOf(origin: string, provider_id: string, item: LiveItem): string[] {
  const text = Buffer.from(JSON.stringify(item)).toString('base64');
  const total = Math.ceil(text.length / chunkSize);
  return Array.from({ length: total }, (_, index) => {
    const chunk = text.slice(index * chunkSize, (index + 1) * chunkSize);
    return [origin, provider_id, item.id, index, total, chunk].join(' ');
  });
}

function partOf(message: string): Part | undefined {
  const [from, provider_id, id, index, total, text] = message.split(' ');
  if (from === undefined || provider_id === undefined || id === undefined || text === undefined)
    return undefined;
  return { from, provider_id, id, index: Number(index), total: Number(total), text };
}

const maxUnfinished = 100;

/** The whole text when its last part is there. */
function gather(
  unfinished: Map<string, string[]>,
  { from, id, index, total, text }: Part,
): string | undefined {
  const key = `${from} ${id}`;
  const texts = index === 0 ? [] : unfinished.get(key);
  // A part before it was lost.
  if (texts === undefined || texts.length !== index) return undefined;
  texts.push(text);
  if (texts.length < total) {
    if (unfinished.size >= maxUnfinished) unfinished.clear();
    unfinished.set(key, texts);
    return undefined;
  }
  unfinished.delete(key);
  return Buffer.from(texts.join(''), 'base64').toString();
}
