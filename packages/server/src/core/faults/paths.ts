/**
 * Paths of fault rules: `{anything}` or `:anything` stands for one segment, `*` at the end for all that follows, also
 * of a segment that has begun. Both may be percent-encoded, as the paths of calls may.
 */
export function matchesPath(pattern: string, path: string): boolean {
  return fits(segmentsOf(pattern), segmentsOf(path).map(decoded), () => false);
}

/** Whether calls of this route, written `/v1/things/:id`, can match the pattern. */
export function canReach(pattern: string, route: string): boolean {
  return fits(segmentsOf(pattern), segmentsOf(route), isParameter);
}

/** What is wrong with a pattern by itself, if anything is. */
export function patternProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'must begin with /';
  if (/[?#\s]/.test(pattern)) return 'must be a path without query';
  if (pattern.slice(0, -1).includes('*')) return 'may have * only at its end';
  return undefined;
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/\/+$/, '').split('/');
}

function isParameter(segment: string): boolean {
  return segment.startsWith(':') || /^\{[^{}]*\}$/.test(segment);
}

function fits(
  wanted: readonly string[],
  present: readonly string[],
  isOpen: (segment: string) => boolean,
): boolean {
  for (const [index, segment] of wanted.entries()) {
    const there = present[index];
    if (there === undefined) return false;
    if (segment.endsWith('*')) return isOpen(there) || there.startsWith(decoded(segment.slice(0, -1)));
    if (!isParameter(segment) && !isOpen(there) && decoded(segment) !== there) return false;
  }
  return wanted.length === present.length;
}

/** As the router does it: what is between two slashes by itself. */
function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
