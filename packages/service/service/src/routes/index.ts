import '../errors.ts';
export {
  type ErrorName,
  type ErrorNames,
  serviceErrorNames,
  unavailableName,
  faultName,
  type ErrorAnswer,
  errorAnswerOf,
} from './error-answer.ts';
export { type Operation, type ApiDescription, errorSchema, identityRequirements, openapiDocument } from './openapi.ts';
export { type RouteParameter, type FoundRoute, type RouteTable, createRouteTable, bodyLimitOf } from './route-table.ts';
export type { Answer, RouteCall, Route } from './route.ts';
