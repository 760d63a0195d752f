import { Budget } from '../budget.ts';
import { valueTypeOf, type Claim, type ClaimValue } from '../claim.ts';
import type { Limits } from '../limits.ts';
import { PolicyError, type PolicySpan } from '../policy-error.ts';
import type { Action, CallExpression, Expression, Making, Passing, Policy, Rule, SectionName } from '../syntax/ast.ts';
import type { Work } from '../work.ts';
import { ClaimSet } from './claim-set.ts';
import { FunctionContext } from './functions.ts';
import { Matcher } from './matcher.ts';
import { planOf } from './plan.ts';
import type { Firing, TraceEntry } from './trace.ts';
import { RuleFault } from './value.ts';

export interface Refusal {
  /** A rule denied, or no rule permitted. */
  readonly reason: 'denied' | 'not-permitted';
  /** The rule that denied. */
  readonly rule?: PolicySpan;
}

/** Steps of a rule besides those of its parts, and of each firing. */
const stepsARule = 32;
const stepsAFiring = 24;

/** One evaluation: the sets of claims, and the rules that change them. */
export class Run {
  readonly budget: Budget;
  readonly #outgoing: ClaimSet;
  readonly #properties: ClaimSet;
  readonly trace: TraceEntry[] | undefined;
  readonly #incoming: ClaimSet;
  readonly #context: FunctionContext;
  #permitted = false;
  #denied: PolicySpan | undefined;

  constructor(limits: Limits, isTraced: boolean) {
    this.budget = new Budget(limits);
    this.#context = new FunctionContext(this.budget);
    this.#incoming = new ClaimSet(this.budget);
    this.#outgoing = new ClaimSet(this.budget);
    this.#properties = new ClaimSet(this.budget);
    this.trace = isTraced ? [] : undefined;
  }

  /** The reason why issuance must not begin. */
  get refusal(): Refusal | undefined {
    if (this.#denied !== undefined) return { reason: 'denied', rule: this.#denied };
    return this.#permitted ? undefined : { reason: 'not-permitted' };
  }

  get outgoing(): readonly Claim[] {
    return this.#outgoing.claims.map(({ claim }) => claim);
  }

  get properties(): readonly Claim[] {
    return this.#properties.claims.map(({ claim }) => claim);
  }

  /** Puts a claim into the incoming set. @throws CLAIM_RULES_LIMIT */
  receive(claim: Claim, readOnly: boolean): void {
    this.#incoming.add(claim, readOnly);
  }

  /** Carries out the rules of a section, in order. @throws PolicyError */
  *section(policy: Policy, name: SectionName): Work<void> {
    for (const { name: found, rules } of policy.sections) {
      if (found !== name) continue;
      for (const rule of rules) {
        // A deny is final, whatever comes later.
        if (this.#denied !== undefined) return;
        yield* this.#rule(rule, name);
      }
    }
  }

  *#rule(rule: Rule, section: SectionName): Work<void> {
    const plan = planOf(rule);
    // Charged even when the plan is cached: the same policy takes the same steps.
    this.budget.charge(stepsARule + plan.steps);
    if (this.budget.isPauseDue) yield;
    const matcher = new Matcher(plan, this.#incoming.claims, this.#context);
    const firings: Firing[] = [];
    let fired = false;
    // Not a generator function: V8 makes a map for each, which would keep all of this until the next full collection.
    const fire = (): Work<void> | undefined => {
      fired = true;
      return this.#fire(rule.action, { matcher, section, firings });
    };
    try {
      yield* matcher.run(fire);
    } catch (error) {
      throw located(error, rule.span);
    }
    const failed = rule.conditions[matcher.furthest]?.span;
    this.trace?.push({
      section,
      rule: rule.span,
      fired,
      firings,
      ...(fired || failed === undefined ? {} : { failedCondition: failed }),
    });
  }

  #fire(action: Action, acting: Acting & { readonly firings: Firing[] }): Work<void> | undefined {
    const matched = this.trace === undefined ? undefined : this.#matched(acting.matcher);
    this.budget.charge(stepsAFiring);
    switch (action.kind) {
      case 'permit':
        this.#permitted = true;
        if (matched !== undefined) acting.firings.push({ matched, did: 'permitted', claims: [] });
        return undefined;
      case 'deny':
        this.#denied = action.span;
        if (matched !== undefined) acting.firings.push({ matched, did: 'denied', claims: [] });
        return undefined;
      default:
        return this.#issue(action, acting, matched);
    }
  }

  *#issue(
    action: Passing | Making,
    { firings, ...acting }: Acting & { readonly firings: Firing[] },
    matched: Firing['matched'] | undefined,
  ): Work<void> {
    const done =
      action.kind === 'pass' ? yield* this.#pass(action.identifier, acting) : yield* this.#make(action, acting);
    if (matched !== undefined) firings.push({ matched, ...done });
  }

  #matched({ found }: Matcher): readonly (readonly Claim[])[] {
    return found.map((places) => {
      this.budget.charge(1 + places.length);
      return places.flatMap((place) => Object.freeze(this.#incoming.claims[place]?.claim) ?? []);
    });
  }

  /** Issues the claim unchanged, including its issuer. It is already in the incoming set. */
  *#pass(identifier: string, { matcher, section }: Acting): Work<ActionOutcome> {
    const incoming = this.#incoming.claims[matcher.bindings.get(identifier)?.one ?? -1];
    if (incoming === undefined || section !== 'issuancerules') return { did: 'added', claims: [] };
    refuseReadOnly(incoming.readOnly, incoming.claim.type);
    const claim = Object.freeze(incoming.claim);
    yield* this.#outgoing.addAll([claim], false);
    return { did: 'issued', claims: [claim] };
  }

  *#make(action: Making, { matcher, section }: Acting): Work<ActionOutcome> {
    const type = isCall(action.type) ? yield* matcher.evaluate(action.type) : matcher.valueOf(action.type);
    const [name] = type.items;
    if (typeof name !== 'string' || type.items.length > 1 || name === '') {
      throw new RuleFault('The type of a claim is one text that is not empty.', action.type.span);
    }
    const value = isCall(action.value) ? yield* matcher.evaluate(action.value) : matcher.valueOf(action.value);
    const readOnly = type.readOnly || value.readOnly;
    // JSON null gives no value, and therefore no claim.
    const claims = value.items.map((item) => this.#claim(name, item, action));
    const did = section === 'authorizationrules' ? 'added' : didOf(action);
    if (did !== 'added' && claims.length > 0) refuseReadOnly(readOnly, name);
    yield* this.#incoming.addAll(claims, readOnly);
    if (did === 'issued') yield* this.#outgoing.addAll(claims, false);
    if (did === 'issued-property') yield* this.#properties.addAll(claims, false);
    return { did, claims };
  }

  #claim(type: string, value: ClaimValue, { valueType, value: { span } }: Making): Claim {
    if (valueType !== undefined && valueType !== valueTypeOf(value)) {
      throw new RuleFault(`The value is not of type ${valueType}, as the rule declares.`, span);
    }
    if (typeof value === 'string') this.budget.checkString(value);
    return Object.freeze({ type, value, issuer: 'AttestationPolicy' });
  }
}

function isCall(expression: Expression): expression is CallExpression {
  return expression.kind === 'call';
}

type ActionOutcome = Pick<Firing, 'did' | 'claims'>;

interface Acting {
  readonly matcher: Matcher;
  readonly section: SectionName;
}

function didOf({ kind }: Making): 'added' | 'issued' | 'issued-property' {
  if (kind === 'add') return 'added';
  return kind === 'issue' ? 'issued' : 'issued-property';
}

function refuseReadOnly(readOnly: boolean, type: string): void {
  if (!readOnly) return;
  throw new RuleFault(`${JSON.stringify(type.slice(0, 60))} comes from a read-only claim, which is not issued.`);
}

/** Turns a fault of a rule into an error of this package at the rule's place. */
function located(error: unknown, rule: PolicySpan): unknown {
  if (error instanceof RuleFault) {
    const span = error.span ?? rule;
    const message = `Line ${span.line}: ${error.message}`;
    return new PolicyError('CLAIM_RULES_EVALUATION', message, [
      { code: 'CLAIM_RULES_EVALUATION', message: error.message, span },
    ]);
  }
  if (!(error instanceof PolicyError) || error.diagnostics.length > 0) return error;
  return new PolicyError(error.code, error.message, [{ code: error.code, message: error.message, span: rule }]);
}
