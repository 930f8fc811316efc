import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Expression {
  readonly node: SyntaxNode;
  readonly source: string;
}

/** Throws on what the grammar of Prometheus does not take. */
export function parsePromql(source: string): Expression {
  const tree = parser.parse(source);
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) throw new Error(`No PromQL from character ${from}: ${source}`);
    },
  });
  return { node: onlyChild(tree.topNode), source };
}

export function textOf({ node, source }: Expression): string {
  return source.slice(node.from, node.to);
}

export function childrenOf({ node, source }: Expression): Expression[] {
  const children: Expression[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    children.push({ node: child, source });
  return children;
}

export function childOf(expression: Expression, name: string): Expression | undefined {
  return childrenOf(expression).find(({ node }) => node.name === name);
}

function onlyChild(node: SyntaxNode): SyntaxNode {
  if (node.firstChild === null) throw new Error('An empty expression');
  return node.firstChild;
}

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

export function selectorOf(expression: Expression): Selector {
  const name = childOf(expression, 'Identifier');
  const matchers = childOf(expression, 'LabelMatchers');
  return {
    name: name === undefined ? '' : textOf(name),
    matchers: (matchers === undefined ? [] : childrenOf(matchers)).map((matcher) => {
      const [label = '', operator = '', value = ''] = childrenOf(matcher).map(textOf);
      return { label, operator, value: JSON.parse(value) as string };
    }),
  };
}

export function groupingOf(expression: Expression): string[] {
  const modifier = childOf(expression, 'AggregateModifier');
  const labels = modifier && childOf(modifier, 'GroupingLabels');
  return labels === undefined ? [] : childrenOf(labels).map(textOf);
}

/** Every selector of an expression, with the labels that what it selects is grouped by. */
export function selectorsIn(source: string): (Selector & { readonly grouping: readonly string[] })[] {
  const visit = (expression: Expression, grouping: readonly string[]): ReturnType<typeof selectorsIn> => {
    const { name } = expression.node;
    if (name === 'VectorSelector') return [{ ...selectorOf(expression), grouping }];
    const inner = name === 'AggregateExpr' ? [...grouping, ...groupingOf(expression)] : grouping;
    return childrenOf(expression).flatMap((child) => visit(child, inner));
  };
  return visit(parsePromql(source), []);
}
