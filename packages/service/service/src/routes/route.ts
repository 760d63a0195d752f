import type { HttpRequest } from '@enclos/http';
import type { AuditFacts } from '../audit/audit-line.ts';

/** What a route answers with status 200. */
export interface Answer {
  /** Written as JSON. */
  readonly body: unknown;
  /** Default: `application/json; charset=utf-8`. */
  readonly contentType?: string;
  /** For the audit log. */
  readonly facts?: AuditFacts;
}

/** One request on its route, let in. */
export interface RouteCall<S> {
  readonly request: HttpRequest;
  /** The site that the request is for: see `Site`. */
  readonly site: S;
  /** What stands for each `{name}` of the path. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A call that a service answers. The OpenAPI document, the counters and the audit log are made from these. */
export interface Route<S> {
  /** What it is called in the OpenAPI document, the audit log and the counters. */
  readonly operation: string;
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT';
  /** `{name}` stands for a parameter of the table. */
  readonly path: string;
  readonly summary: string;
  /** `nothing`: open to all callers, and not logged. Otherwise the role that a caller must have, by its name. */
  readonly needs: string;
  /** How many bytes its body may have. Absent when it takes no body. */
  readonly body?: number;
  readonly answer: (call: RouteCall<S>) => Promise<Answer> | Answer;
}
