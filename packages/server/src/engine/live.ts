import type { LiveType } from '@osigu-sandbox/contract';
import { after, minute } from '../platform/time.ts';

/** Something that just happened to a provider, as whoever watches it is told. */
export interface LiveItem {
  /** Unique among all items of the provider. */
  readonly id: string;
  readonly type: LiveType;
  /** JSON text. */
  readonly data: string;
}

export interface Watch {
  /** What was published after `since`; undefined where that is not remembered (any more). */
  readonly missed: readonly LiveItem[] | undefined;
  end(): void;
}

/** Who watches a provider is told what is published for it, in that order. Nobody watches: nothing is kept. */
export interface Live {
  publish(provider_id: string, item: LiveItem): void;
  /** Spares a publisher the work of making an item that nobody sees. */
  isWatched(provider_id: string): boolean;
  watchers(provider_id: string): number;
  /** `since` is the id of the last item that was seen. */
  watch(provider_id: string, listener: (item: LiveItem) => void, since?: string): Watch;
}

const remembered = { items: 1_000, characters: 1_000_000 } as const;
/** For whoever lost the connection and comes again. */
const rememberedFor = 2 * minute;

interface Channel {
  readonly listeners: Set<(item: LiveItem) => void>;
  readonly recent: LiveItem[];
  characters: number;
  cancelForgetting: () => void;
}

export function createLive(): Live {
  const channels = new Map<string, Channel>();

  function channelOf(provider_id: string): Channel {
    const known = channels.get(provider_id);
    if (known !== undefined) return known;
    const channel = { listeners: new Set<never>(), recent: [], characters: 0, cancelForgetting: () => {} };
    channels.set(provider_id, channel);
    return channel;
  }

  return {
    publish: (provider_id, item) => {
      const channel = channels.get(provider_id);
      if (channel === undefined) return;
      remember(channel, item);
      for (const listener of channel.listeners) listener(item);
    },
    isWatched: (provider_id) => channels.has(provider_id),
    watchers: (provider_id) => channels.get(provider_id)?.listeners.size ?? 0,
    watch: (provider_id, listener, since) => {
      const channel = channelOf(provider_id);
      channel.cancelForgetting();
      channel.listeners.add(listener);
      return {
        missed: since === undefined ? [] : itemsAfter(channel.recent, since),
        end: () => {
          channel.listeners.delete(listener);
          if (channel.listeners.size > 0) return;
          channel.cancelForgetting();
          channel.cancelForgetting = after(rememberedFor, () => channels.delete(provider_id));
        },
      };
    },
  };
}

function remember(channel: Channel, item: LiveItem): void {
  channel.recent.push(item);
  channel.characters += item.data.length;
  while (channel.recent.length > remembered.items || channel.characters > remembered.characters) {
    channel.characters -= channel.recent.shift()?.data.length ?? 0;
  }
}

function itemsAfter(recent: readonly LiveItem[], since: string): LiveItem[] | undefined {
  const position = recent.findLastIndex(({ id }) => id === since);
  return position === -1 ? undefined : recent.slice(position + 1);
}
