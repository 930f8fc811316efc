/** Which meetings of a rule are uses: a pure function of the plan's seed, the rule's place and the meeting's number. */

/** A number in [0, 1), always the same for the same three. */
export function draw(seed: number, position: number, meeting: number): number {
  return mixed(mixed(mixed(seed) ^ position) ^ meeting) / 2 ** 32;
}

/** Spreads 32 bits evenly; the constants are those of MurmurHash3. */
function mixed(bits: number): number {
  let hash = Math.imul(bits ^ 0x9e3779b9, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x27d4eb2f);
  return (hash ^ (hash >>> 15)) >>> 0;
}

export interface Chances {
  readonly probability?: number;
  readonly count?: number;
}

export interface Uses {
  /** Of the meeting with this number, from 1, in whatever order they are asked for. */
  isUse(meeting: number): boolean;
  /** How many of the first `meetings` are uses. */
  among(meetings: number): number;
  /** No meeting after the latest that was asked for can be a use. */
  isSpent(): boolean;
}

export function usesOf(
  { probability = 1, count = Number.POSITIVE_INFINITY }: Chances,
  seed: number,
  position: number,
): Uses {
  const isHit = (meeting: number) => probability === 1 || draw(seed, position, meeting) < probability;
  // How many of the first `looked` are hits; looking ends at the last use.
  let looked = 0;
  let hits = 0;

  function lookUpTo(meeting: number): void {
    while (looked < meeting && hits < count) {
      looked += 1;
      if (isHit(looked)) hits += 1;
    }
  }

  return {
    isUse: (meeting) => {
      if (count === Number.POSITIVE_INFINITY) return isHit(meeting);
      lookUpTo(meeting);
      return meeting <= looked && isHit(meeting);
    },
    among: (meetings) => usesAmong(isHit, count, meetings),
    isSpent: () => hits >= count,
  };
}

function usesAmong(isHit: (meeting: number) => boolean, count: number, meetings: number): number {
  let hits = 0;
  for (let meeting = 1; meeting <= meetings && hits < count; meeting += 1) if (isHit(meeting)) hits += 1;
  return hits;
}
