export {
  Problem,
  PROBLEM_TYPE_BASE,
  declaredProblems,
  defineProblem,
  problemText,
  type MoreMembers,
  type ProblemBody,
  type ProblemDefinition,
  type ProblemFactory,
} from './problem.js';
export { ProblemFilter, toProblem, type ProblemObserver } from './problem.filter.js';
export {
  BodyTooLarge,
  InternalError,
  MalformedRequest,
  MethodNotAllowed,
  NotFound,
  TooManyRequests,
  UnsupportedMediaType,
  ValidationFailed,
  type FieldFault,
} from './common.problems.js';
export {
  ApiProblems,
  mergeProblemResponses,
  ProblemDto,
  problemResponse,
  type AnyProblem,
  type ProblemResponse,
} from './openapi.js';
