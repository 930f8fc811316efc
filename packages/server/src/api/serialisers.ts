import {
  type RouteDefinition,
  type Serializer,
  SerializerSelector,
} from '@fastify/fast-json-stringify-compiler';

/**
 * Serialisers are built when the first answer wants one: to build that of every route takes a third of a start, and
 * most are never used by a sandbox that lives for one test.
 */
export const buildSerializer: ReturnType<typeof SerializerSelector> = (externalSchemas, options) => {
  const compile = SerializerSelector()(externalSchemas, options);
  return (route: RouteDefinition): Serializer => {
    let serialise: Serializer | undefined;
    return (answer) => {
      serialise ??= compile(route);
      return serialise(answer);
    };
  };
};
