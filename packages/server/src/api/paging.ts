import type { FastifyRequest } from 'fastify';

/** Contract section 2, Paging: `page` from 0, `size` 15 by default, over 100 counts as 100. */
export interface PageQueryValues {
  readonly page?: number;
  readonly size?: number;
}

export interface Window {
  readonly limit: number;
  readonly offset: number;
}

const defaultSize = 15;
const maxSize = 100;

function sizeOf(query: PageQueryValues): number {
  return Math.min(query.size ?? defaultSize, maxSize);
}

export function window(query: PageQueryValues): Window {
  const limit = sizeOf(query);
  return { limit, offset: (query.page ?? 0) * limit };
}

/** One page of a list that is at hand as a whole. */
export function slice<T>(request: FastifyRequest, query: PageQueryValues, all: readonly T[]) {
  const { limit, offset } = window(query);
  return pageOf(request, query, all.length, all.slice(offset, offset + limit));
}

export function pageOf<T>(
  request: FastifyRequest,
  query: PageQueryValues,
  total: number,
  content: readonly T[],
) {
  const size = sizeOf(query);
  const number = query.page ?? 0;
  const total_pages = Math.ceil(total / size);
  const last = Math.max(total_pages - 1, 0);
  const [path = '', search = ''] = request.url.split('?', 2);
  const href = (page: number) => {
    const parameters = new URLSearchParams(search);
    parameters.set('page', String(page));
    parameters.set('size', String(size));
    return `${path}?${parameters}`;
  };
  const links = [
    { rel: 'self', href: href(number) },
    { rel: 'first', href: href(0) },
    ...(number > 0 ? [{ rel: 'prev', href: href(Math.min(number - 1, last)) }] : []),
    ...(number < last ? [{ rel: 'next', href: href(number + 1) }] : []),
    { rel: 'last', href: href(last) },
  ];
  return { content, page: { size, total_elements: total, total_pages, number }, links };
}
