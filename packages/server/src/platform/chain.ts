/**
 * First in, first out, and anything may leave from the middle. For what comes and goes thousands of times a second: the
 * tables that a `Map` or `Set` outgrows point to those that take their place and to all they held, so that what has
 * long left survives one collection after another. What leaves a chain points to nothing.
 */
export interface Chain<T> {
  add(item: T): Link<T>;
  /** Nothing when it has left already. */
  remove(link: Link<T>): void;
  first(): Link<T> | undefined;
  isEmpty(): boolean;
}

export interface Link<T> {
  readonly item: T;
  before: Link<T> | undefined;
  after: Link<T> | undefined;
}

export function createChain<T>(): Chain<T> {
  let head: Link<T> | undefined;
  let tail: Link<T> | undefined;
  return {
    add: (item) => {
      const link: Link<T> = { item, before: tail, after: undefined };
      if (tail === undefined) head = link;
      else tail.after = link;
      tail = link;
      return link;
    },
    remove: (link) => {
      const { before, after } = link;
      if (before === undefined && head !== link) return;
      if (before === undefined) head = after;
      else before.after = after;
      if (after === undefined) tail = before;
      else after.before = before;
      link.before = undefined;
      link.after = undefined;
    },
    first: () => head,
    isEmpty: () => head === undefined,
  };
}
