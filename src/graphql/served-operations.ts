import { GraphQLError, Kind, type OperationDefinitionNode, type ValidationRule } from 'graphql';
import { AppError } from '../platform/errors.ts';

/**
 * Refuses operations of a kind that the schema has no fields for. graphql-js validates a subscription where there are none,
 * and then fails when it executes it: what a client got wrong would be an error of ours.
 */
export const servedOperationsRule: ValidationRule = (context) => ({
  [Kind.OPERATION_DEFINITION]: (node: OperationDefinitionNode) => {
    if (context.getSchema().getRootType(node.operation)) return undefined;
    const told = new AppError('GRAPHQL_VALIDATION_FAILED', `There is no ${node.operation} here.`);
    context.reportError(new GraphQLError(told.message, { nodes: node, originalError: told }));
    return undefined;
  },
});
