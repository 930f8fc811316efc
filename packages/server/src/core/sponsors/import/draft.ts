import type { SponsorProfile as ProfileFile } from '@osigu-sandbox/contract';
import type { Issue } from '../../../platform/errors.ts';

/** Of the same shape, but any member may be missing, and so may any entry of a list. */
export type Sound<T> = T extends readonly (infer E)[]
  ? readonly (Sound<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Sound<T[K]> | undefined }
    : T;

/** A profile file as far as its schema finds it sound: what is wrong with the rest of it can be told at once. */
export interface Draft {
  /** What the schema has found wrong is undefined in it. */
  readonly file: Sound<ProfileFile>;
  /** Whether nothing was found wrong with this part of the file, nor with anything in it. */
  readonly isSound: (path: string) => boolean;
}

/** `issues` are all that the schema says of the body, with paths as in `forms[0].fields[1].key`. */
export function draftOf(body: unknown, issues: readonly Issue[]): Draft {
  if (issues.length === 0) return { file: body as ProfileFile, isSound: () => true };
  const paths = issues.map((issue) => issue.path);
  const draft = { file: structuredClone(body) };
  for (const path of paths) leaveOut(draft, path);
  const isSound = (path: string) => !paths.some((wrong) => isWithin(wrong, path) || isWithin(path, wrong));
  return { file: (draft.file ?? {}) as Sound<ProfileFile>, isSound };
}

function isWithin(inner: string, outer: string): boolean {
  if (outer === '' || inner === outer) return true;
  return inner.startsWith(outer) && ['.', '['].includes(inner.charAt(outer.length));
}

/** Nothing, where there is nothing at that path: a member that is missing is told of too. */
function leaveOut(draft: { file: unknown }, path: string): void {
  let parent: unknown = draft;
  let name = 'file';
  for (const part of path.match(/[^.[\]]+/g) ?? []) {
    parent = memberOf(parent, name);
    name = part;
  }
  if (memberOf(parent, name) !== undefined) (parent as Record<string, unknown>)[name] = undefined;
}

function memberOf(parent: unknown, name: string): unknown {
  const isThere = typeof parent === 'object' && parent !== null && Object.hasOwn(parent, name);
  return isThere ? (parent as Record<string, unknown>)[name] : undefined;
}
