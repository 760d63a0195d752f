import type { EndpointRow } from '../bundle/rows.ts';

/** What a description of an API is about. */
export interface OpenApiInfo {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

type Json = Readonly<Record<string, unknown>>;
/** Methods that OpenAPI 3.0 knows. */
const described = new Set(['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']);
/** What CCF says of an application that does not say it itself. */
const noInfo: OpenApiInfo = { title: 'Empty title', description: 'Empty description', version: '0.0.1' };

/**
 * The answer of `/app/api`: OpenAPI 3.0 of the endpoints of an application, as its app.json describes them, and of those of the
 * service. Members are sorted, as CCF sorts them.
 */
export function openApiDocument(rows: readonly EndpointRow[], info: OpenApiInfo = noInfo): Json {
  const paths: Record<string, Record<string, unknown>> = { ...builtInPaths };
  for (const { verb, path, properties } of rows) {
    if ('problem' in properties || properties.isHidden || !described.has(verb)) continue;
    const at = `/app${path}`;
    paths[at] = { ...paths[at], [verb.toLowerCase()]: properties.openapi };
  }
  return {
    components: sorted(components),
    info: sorted({ ...info }),
    openapi: '3.0.0',
    paths: Object.fromEntries(
      Object.entries(paths)
        .toSorted(byName)
        .map(([path, verbs]) => [path, sorted(verbs)]),
    ),
    servers: [],
  };
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

function sorted(value: Json): Json {
  return Object.fromEntries(Object.entries(value).toSorted(byName));
}

const ref = (to: string): Json => ({ $ref: `#/components/${to}` });
const content = (schema: string): Json => ({ 'application/json': { schema: ref(`schemas/${schema}`) } });

function operation(operationId: string, schema: string, more: Json): Json {
  return sorted({
    operationId,
    responses: {
      '200': { content: content(schema), description: 'Default response description' },
      default: ref('responses/default'),
    },
    'x-ccf-forwarding': ref('x-ccf-forwarding/sometimes'),
    ...more,
  });
}

const parameter = (name: string, schema: string, required: boolean): Json => ({
  in: 'query',
  name,
  required,
  schema: ref(`schemas/${schema}`),
});
const transactionId = parameter('transaction_id', 'TransactionId', true);

const builtInPaths: Readonly<Record<string, Json>> = {
  '/app/api': { get: operation('GetAppApi', 'json', { summary: 'OpenAPI schema' }) },
  '/app/commit': {
    get: operation('GetAppCommit', 'GetCommit__Out', {
      description: 'Latest transaction ID that has been committed on the service',
      parameters: [parameter('view_history', 'boolean', false), parameter('view_history_since', 'uint64', false)],
      summary: 'Current commit level',
    }),
  },
  '/app/receipt': {
    get: operation('GetAppReceipt', 'json', {
      description: 'A signed statement from the service over a transaction entry in the ledger',
      parameters: [transactionId],
      summary: 'Receipt for a transaction',
    }),
  },
  '/app/receipt/cose': {
    get: sorted({
      operationId: 'GetAppReceiptCose',
      responses: {
        '200': { content: { 'application/cose': {} }, description: 'Default response description' },
        default: ref('responses/default'),
      },
      'x-ccf-forwarding': ref('x-ccf-forwarding/sometimes'),
      description: 'A COSE Sign1 receipt over a transaction entry in the ledger',
      parameters: [transactionId],
      summary: 'COSE receipt for a transaction',
    }),
  },
  '/app/tx': {
    get: operation('GetAppTx', 'GetTxStatus__Out', {
      description: 'Possible statuses returned are Unknown, Pending, Committed or Invalid.',
      parameters: [transactionId],
      summary: 'Current status of a transaction',
    }),
  },
};

const forwarding = (value: string, description: string): Json => ({ description, value });

const components: Json = {
  responses: { default: { content: content('CCFError'), description: 'An error occurred' } },
  schemas: {
    CCFError: {
      properties: {
        error: {
          properties: {
            code: { description: 'Response error code', type: 'string' },
            message: { description: 'Response error message', type: 'string' },
          },
          type: 'object',
        },
      },
      type: 'object',
    },
    GetCommit__Out: {
      properties: {
        transaction_id: ref('schemas/TransactionId'),
        view_history: ref('schemas/TransactionId_array'),
      },
      required: ['transaction_id'],
      type: 'object',
    },
    GetTxStatus__Out: {
      properties: { status: ref('schemas/TxStatus'), transaction_id: ref('schemas/TransactionId') },
      required: ['transaction_id', 'status'],
      type: 'object',
    },
    TransactionId: { pattern: String.raw`^[0-9]+\.[0-9]+$`, type: 'string' },
    TransactionId_array: { items: ref('schemas/TransactionId'), type: 'array' },
    TxStatus: { enum: ['Unknown', 'Pending', 'Committed', 'Invalid'], type: 'string' },
    boolean: { type: 'boolean' },
    json: {},
    uint64: { minimum: 0, type: 'integer' },
  },
  'x-ccf-forwarding': {
    always: forwarding('always', 'A node that is not the primary passes the request on to it.'),
    never: forwarding(
      'never',
      'The node that gets the request executes it. It fails if it writes and is not the primary.',
    ),
    sometimes: forwarding(
      'sometimes',
      'A node that is not the primary passes the request on to it if it did so before in this session.',
    ),
  },
};
