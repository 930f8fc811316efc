import type { Sample, Scrape } from './metrics-page.ts';
import {
  childOf,
  childrenOf,
  type Expression,
  groupingOf,
  type Matcher,
  parsePromql,
  type Selector,
  selectorOf,
  textOf,
} from './promql.ts';

/** One element of a vector; the name of the metric has gone as soon as anything was computed. */
interface Element {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Value = number | readonly Element[];

/**
 * Evaluates at the last of the scrapes what the alert rules use of PromQL, and throws on anything else. A range must
 * reach back to the first scrape. Unlike Prometheus, `increase` does not guess what came before the first and after
 * the last sample.
 */
export function evaluate(source: string, scrapes: readonly Scrape[]): readonly Element[] {
  const value = evaluated(parsePromql(source), scrapes);
  return typeof value === 'number' ? [{ labels: {}, value }] : value;
}

function evaluated(expression: Expression, scrapes: readonly Scrape[]): Value {
  switch (expression.node.name) {
    case 'NumberDurationLiteral':
      return Number(textOf(expression));
    case 'ParenExpr':
      return evaluated(only(childrenOf(expression)), scrapes);
    case 'VectorSelector':
      return seriesOf(selectorOf(expression), scrapes.at(-1));
    case 'AggregateExpr':
      return aggregate(expression, scrapes);
    case 'FunctionCall':
      return call(expression, scrapes);
    case 'BinaryExpr':
      return binary(expression, scrapes);
    default:
      throw new Error(`Not evaluated here: ${expression.node.name} in ${textOf(expression)}`);
  }
}

function only(expressions: readonly Expression[]): Expression {
  const [first, ...others] = expressions;
  if (first === undefined || others.length > 0) throw new Error('One argument was expected');
  return first;
}

function vectorOf(expression: Expression, scrapes: readonly Scrape[]): readonly Element[] {
  const value = evaluated(expression, scrapes);
  if (typeof value === 'number') throw new Error(`No vector: ${textOf(expression)}`);
  return value;
}

function seriesOf({ name, matchers }: Selector, at: Scrape | undefined): readonly Sample[] {
  const samples = at?.samples ?? [];
  return samples.filter(
    (sample) => sample.name === name && matchers.every((matcher) => matches(sample, matcher)),
  );
}

function matches({ labels }: Element, { label, operator, value }: Matcher): boolean {
  const actual = labels[label] ?? '';
  const whole = () => new RegExp(`^(?:${value})$`).test(actual);
  if (operator === '=') return actual === value;
  if (operator === '!=') return actual !== value;
  return operator === '=~' ? whole() : !whole();
}

const keyOf = ({ labels }: Element) => JSON.stringify(Object.entries(labels).sort());

/** How much each series grew from scrape to scrape; a counter that is lower than before began again at nought. */
function increases(range: Expression, scrapes: readonly Scrape[]): Element[] {
  if (range.node.name !== 'MatrixSelector') throw new Error(`No range: ${textOf(range)}`);
  const [selected, duration] = childrenOf(range);
  if (selected === undefined || duration === undefined) throw new Error(`No range: ${textOf(range)}`);
  if (secondsOf(textOf(duration)) < spanOf(scrapes))
    throw new Error('The scrapes are further apart than the range');
  const selector = selectorOf(selected);
  const histories = new Map<string, Sample[]>();
  for (const at of scrapes) {
    for (const sample of seriesOf(selector, at)) {
      const key = keyOf(sample);
      histories.set(key, [...(histories.get(key) ?? []), sample]);
    }
  }
  return [...histories.values()].flatMap((history) => {
    const [first] = history;
    if (first === undefined || history.length < 2) return [];
    const value = history.slice(1).reduce((sum, { value: next }, index) => {
      const before = history[index]?.value ?? 0;
      return sum + (next < before ? next : next - before);
    }, 0);
    return [{ labels: first.labels, value }];
  });
}

function spanOf(scrapes: readonly Scrape[]): number {
  return (scrapes.at(-1)?.at ?? 0) - (scrapes[0]?.at ?? 0);
}

function secondsOf(duration: string): number {
  const [, number = '', unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? [];
  return Number(number) * ({ s: 1, m: 60, h: 3_600 }[unit] ?? Number.NaN);
}

function call(expression: Expression, scrapes: readonly Scrape[]): Value {
  const [name, body] = childrenOf(expression);
  const args = body === undefined ? [] : childrenOf(body);
  switch (name === undefined ? '' : textOf(name)) {
    case 'increase':
      return increases(only(args), scrapes);
    case 'rate':
      return increases(only(args), scrapes).map(({ labels, value }) => ({
        labels,
        value: value / spanOf(scrapes),
      }));
    case 'histogram_quantile': {
      const [quantile, buckets] = args;
      if (quantile === undefined || buckets === undefined) throw new Error('Two arguments were expected');
      return quantiles(Number(textOf(quantile)), vectorOf(buckets, scrapes));
    }
    default:
      throw new Error(`Not evaluated here: ${textOf(expression)}`);
  }
}

/** Of buckets that were summed by nothing but `le`. */
function quantiles(quantile: number, buckets: readonly Element[]): Element[] {
  const bounds = buckets
    .map(({ labels, value }) => ({
      le: labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le),
      value,
    }))
    .sort((a, b) => a.le - b.le);
  const total = bounds.at(-1)?.value ?? 0;
  if (total === 0) return [];
  const index = bounds.findIndex(({ value }) => value >= quantile * total);
  const [below, bound] = [bounds[index - 1] ?? { le: 0, value: 0 }, bounds[index]];
  if (bound === undefined || bound.le === Number.POSITIVE_INFINITY) return [{ labels: {}, value: below.le }];
  const share = (quantile * total - below.value) / (bound.value - below.value);
  return [{ labels: {}, value: below.le + (bound.le - below.le) * share }];
}

const folds: Readonly<Record<string, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  max: (a, b) => (Number.isNaN(a) || b > a ? b : a),
};

function aggregate(expression: Expression, scrapes: readonly Scrape[]): Element[] {
  const operator = childOf(expression, 'AggregateOp');
  const body = childOf(expression, 'FunctionCallBody');
  const fold = operator && folds[textOf(operator)];
  if (fold === undefined || body === undefined) throw new Error(`Not evaluated here: ${textOf(expression)}`);
  const grouping = groupingOf(expression);
  const groups = new Map<string, Element>();
  for (const { labels, value } of vectorOf(only(childrenOf(body)), scrapes)) {
    const kept = Object.fromEntries(
      grouping.flatMap((name) => (name in labels ? [[name, labels[name] ?? '']] : [])),
    );
    const key = keyOf({ labels: kept, value });
    const before = groups.get(key);
    groups.set(key, { labels: kept, value: before === undefined ? value : fold(before.value, value) });
  }
  return [...groups.values()];
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '==': (a, b) => a === b,
};

function binary(expression: Expression, scrapes: readonly Scrape[]): Value {
  const [left, operator, right, ...modifiers] = childrenOf(expression);
  if (left === undefined || operator === undefined || right === undefined || modifiers.length > 0) {
    throw new Error(`Not evaluated here: ${textOf(expression)}`);
  }
  const [a, b] = [vectorOf(left, scrapes), evaluated(right, scrapes)];
  const name = textOf(operator);
  const compare = comparisons[name];
  if (typeof b === 'number') {
    if (compare === undefined) throw new Error(`Not evaluated here: ${textOf(expression)}`);
    return a.filter(({ value }) => compare(value, b));
  }
  const partners = new Map(b.map((element) => [keyOf(element), element.value]));
  if (name === 'and') return a.filter((element) => partners.has(keyOf(element)));
  if (name !== '/') throw new Error(`Not evaluated here: ${textOf(expression)}`);
  return a.flatMap((element) => {
    const divisor = partners.get(keyOf(element));
    return divisor === undefined ? [] : [{ labels: element.labels, value: element.value / divisor }];
  });
}
