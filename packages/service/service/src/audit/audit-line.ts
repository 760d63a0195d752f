/** What the answer of a call adds to its line: short texts, such as the hash of a policy. */
export type AuditFacts = Readonly<Record<string, string>>;

/** How a call ended. */
export interface AuditOutcome {
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** The name of the error, as the caller is told. */
  readonly error?: string;
  /** Why, in a form for programs. Only its listed members, and only short texts, get into the line. */
  readonly explanation?: Readonly<Record<string, unknown>> | undefined;
  readonly facts?: AuditFacts | undefined;
}

/** What is known of a call. */
export interface AuditedCall {
  readonly time: Date;
  /** Whose call it is, where a service has several tenants. */
  readonly tenant?: string | undefined;
  readonly call: string;
  /** Parameters of the path that come from closed sets. */
  readonly parameters?: AuditFacts;
  readonly requestId: string;
  /** See `Principal`; `anonymous` when the call needs no identity. */
  readonly who: string;
}

const maximumText = 256;
/** What every service tells: `rule` names what refused. */
const everyService = ['who', 'rule', 'reason'] as const;

/**
 * One line of the audit log, as JSON. It never holds evidence, tokens, secrets or texts of policies: of an explanation only
 * the members `who`, `rule`, `reason` and `told` are taken.
 */
export function auditLine(call: AuditedCall, outcome: AuditOutcome, told: readonly string[] = []): string {
  const { time, tenant, parameters, requestId, who } = call;
  const { error, explanation = {}, facts } = outcome;
  return JSON.stringify({
    time: time.toISOString(),
    tenant,
    call: call.call,
    ...parameters,
    requestId,
    who,
    outcome: outcome.outcome,
    error,
    ...shortTexts(explanation, [...everyService, ...told]),
    ...facts,
  });
}

/** Explanations are for programs and of any shape: the log takes short texts. */
function shortTexts(explanation: Readonly<Record<string, unknown>>, names: readonly string[]): AuditFacts {
  const texts = names.map((name) => [name, explanation[name]] as const);
  return Object.fromEntries(texts.filter((entry): entry is readonly [string, string] => isShortText(entry[1])));
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maximumText;
}
