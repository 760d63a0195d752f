import type { ClaimValue } from '../claim.ts';
import type { PolicyDiagnostic, PolicySpan } from '../policy-error.ts';

export const policyVersions = Object.freeze(['1.0', '1.1', '1.2'] as const);
export type PolicyVersion = (typeof policyVersions)[number];

/** The sections, in the order in which a policy has them. */
export const sectionNames = Object.freeze(['configurationrules', 'authorizationrules', 'issuancerules'] as const);
export type SectionName = (typeof sectionNames)[number];

export const claimProperties = Object.freeze(['type', 'value', 'valueType', 'issuer'] as const);
export type ClaimProperty = (typeof claimProperties)[number];

export const operators = Object.freeze(['==', '!=', '<', '<=', '>', '>='] as const);
export type Operator = (typeof operators)[number];

export interface LiteralExpression {
  readonly kind: 'literal';
  readonly value: ClaimValue;
  readonly span: PolicySpan;
}

/** `c.value` */
export interface PropertyExpression {
  readonly kind: 'property';
  readonly identifier: string;
  readonly property: ClaimProperty;
  readonly span: PolicySpan;
}

/** `AppendString(c.value, "x")` */
export interface CallExpression {
  readonly kind: 'call';
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly span: PolicySpan;
}

export type Expression = LiteralExpression | PropertyExpression | CallExpression;

/** `value >= 5` */
export interface PropertyCondition {
  readonly property: ClaimProperty;
  readonly operator: Operator;
  readonly expression: Expression;
  readonly span: PolicySpan;
}

/** `!c:[type=="x", value==true]` */
export interface Condition {
  readonly negated: boolean;
  readonly identifier: string | undefined;
  readonly properties: readonly PropertyCondition[];
  readonly span: PolicySpan;
}

export interface Decision {
  readonly kind: 'permit' | 'deny';
  readonly span: PolicySpan;
}

/** A claim that a rule makes; `valueType` is the type that the rule declares for its value. */
export interface Making {
  readonly kind: 'add' | 'issue' | 'issueproperty';
  readonly type: Expression;
  readonly value: Expression;
  readonly valueType: 'String' | 'Integer' | 'Boolean' | undefined;
  /** Whether the rule names the issuer, which is always the policy. */
  readonly namesIssuer: boolean;
  readonly span: PolicySpan;
}

/** `issue(claim = c)` */
export interface Passing {
  readonly kind: 'pass';
  readonly identifier: string;
  readonly span: PolicySpan;
}

export type Action = Decision | Making | Passing;

export interface Rule {
  readonly conditions: readonly Condition[];
  readonly action: Action;
  readonly span: PolicySpan;
}

export interface Section {
  readonly name: SectionName;
  readonly rules: readonly Rule[];
  readonly span: PolicySpan;
}

/** A policy that {@link parsePolicy} accepted. */
export interface Policy {
  readonly version: PolicyVersion;
  readonly sections: readonly Section[];
  /** The text that it was read from. */
  readonly text: string;
  /** Problems that are allowed, but probably not intended. */
  readonly warnings: readonly PolicyDiagnostic[];
}
